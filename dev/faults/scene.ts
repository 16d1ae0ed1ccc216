import { createRegistryClient, parseDigest, parseReference } from '../../src/oci';
import { createSigningMaterial, processHost, signImage } from '../../src/sign';
import { defaultSettings } from '../registry/settings';
import { type StoredSignature, signaturesIn, subjectsOf } from './content';
import { EngineRun, inProcessPlugin, type State } from './engine';
import type { FaultPath } from './paths';
import type { Step } from './steps';
import { REPOSITORY, USER, type World } from './world';

/** A path with its image in the registry, in the state before the first fault. */
export interface Scene {
  readonly world: World;
  readonly path: FaultPath;
  readonly image: string;
  /** Signatures of third parties, which must not change. */
  readonly foreign: readonly StoredSignature[];
  /** Our signatures that existed before the run. */
  readonly earlier: readonly StoredSignature[];
  /** Restores the registry, and returns the initial state. */
  rewind(): State;
}

/** Stores the image, adds signatures of a third party in each format, and runs the path's preparation. */
export async function setScene(world: World, path: FaultPath): Promise<Scene> {
  const { registry, host, proxies } = world;
  const auth = world.access[path.access];
  Object.assign(registry.settings, { ...defaultSettings(), auth, ...path.settings });
  await proxies.start();
  const digest = path.store(world);
  const image = `${host}/${REPOSITORY}@${digest}`;
  await signAsThirdParty(world, subjectsOf(registry.store, digest));
  const currentSignatures = () => signaturesIn(registry.store, registry.settings.referrersApi);
  const foreign = currentSignatures();
  const state: State = {};
  const engine = new EngineRun(state, inProcessPlugin(world));
  await path.before({ world, engine, image, path });
  await engine.close();
  const known = new Set(foreign.map(({ identity }) => identity));
  const restore = registry.store.snapshot();
  return {
    world,
    path,
    image,
    foreign,
    earlier: currentSignatures().filter(({ identity }) => !known.has(identity)),
    rewind: () => {
      restore();
      return { ...state };
    },
  };
}

async function signAsThirdParty(world: World, subjects: readonly string[]): Promise<void> {
  const { host, registry, keys, keyPassword: password, registryPassword } = world;
  const client = createRegistryClient({
    dockerConfig: 'none',
    registry: { host, username: USER, password: registryPassword },
  });
  const material = await createSigningMaterial(
    { key: { ref: keys.thirdParty.path, password } },
    processHost(),
  );
  const targets = subjects.map((subject) => {
    const { mediaType = '', bytes = Buffer.alloc(0) } =
      registry.store.getManifest(REPOSITORY, subject) ?? {};
    const manifest = { mediaType, digest: parseDigest(subject), size: bytes.length };
    return { manifest, annotations: { by: 'a third party' }, provenance: undefined };
  });
  const { repository } = parseReference(`${host}/${REPOSITORY}`);
  await signImage({ repository, targets, format: 'both', material }, client);
  await client.close();
}

export function stepOf({ world, path, image }: Scene, engine: EngineRun): Step {
  return { world, engine, image, path };
}
