import { Secret } from '../../src/pulumi/plugin/protocol/wire-value';
import type { EngineRun, State } from './engine';
import type { FaultPath } from './paths';
import { IDENTITY, REPOSITORY, USER, type World } from './world';

/** The context of a path. */
export interface Step {
  readonly world: World;
  readonly engine: EngineRun;
  /** `host/repo@digest` of the existing image. */
  readonly image: string;
  readonly path: FaultPath;
}

export const ANNOTATIONS = { team: 'blue' };
export const NEW_ANNOTATIONS = { team: 'green' };

export const FACTS = {
  builder: 'https://ci.example.test/builder',
  system: 'none',
  commit: '0a'.repeat(20),
};
/** The build summary of an image that was built elsewhere. */
const BUILD = {
  builder: 'auto',
  context: 'app',
  dockerfile: 'app/Dockerfile',
  startedOn: '2026-01-01T00:00:00Z',
  finishedOn: '2026-01-01T00:01:00Z',
};

type KeyName = 'ours' | 'next';

const access = ({ registryPassword }: World): object => ({
  registry: { username: USER, password: new Secret(registryPassword) },
});

function signerOf({ world, path }: Step, keyName: KeyName): object {
  const { services, trustedRoot, keys, keyPassword } = world;
  const { fulcioUrl, tsaUrl } = services;
  const { signer, witnesses, rekorVersion } = path;
  const rekorUrl = rekorVersion === 1 ? services.rekorUrl : services.rekorV2Url;
  const sigstore = {
    ...(signer === 'keyless' && { fulcioUrl }),
    ...(witnesses.includes('log') && { rekorUrl, rekorVersion }),
    ...(witnesses.includes('timestamp') && { tsaUrl }),
    trustedRoot,
  };
  const declared =
    signer === 'key'
      ? { key: { ref: keys[keyName].path, password: new Secret(keyPassword) } }
      : { keyless: { tokenEnv: 'FAULTS_IDENTITY_TOKEN' } };
  return {
    ...declared,
    ...((signer === 'keyless' || witnesses.length > 0) && { sigstore }),
    ...(signer === 'keyless' && !witnesses.includes('log') && { transparency: 'none' }),
  };
}

/** The image to sign: the built one, or the existing one. */
export function imageAt(
  { world, image, path }: Pick<Step, 'world' | 'image' | 'path'>,
  { ImageBuild }: State,
): string {
  if (!path.builds) return image;
  return `${world.host}/${REPOSITORY}@${String(ImageBuild?.outputs['claimedDigest'])}`;
}

const imageOf = (step: Step): string => imageAt(step, step.engine.state);

export async function sign(
  step: Step,
  { annotations = ANNOTATIONS, keyName = 'ours', ...more }: SigningOf = {},
): Promise<void> {
  const { world, engine, path } = step;
  const build = path.builds ? engine.state.ImageBuild?.outputs['summary'] : BUILD;
  await engine.up('ImageSignature', {
    image: imageOf(step),
    ...signerOf(step, keyName),
    ...access(world),
    format: path.format,
    facts: FACTS,
    ...(path.provenance && { build }),
    annotations,
    ...more,
  });
}

export interface SigningOf {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly keyName?: KeyName;
  readonly always?: boolean;
  readonly deletion?: string;
}

/** Builds with buildah and pushes. */
export async function build({ world, engine }: Step): Promise<void> {
  await engine.up('ImageBuild', {
    image: `${world.host}/${REPOSITORY}:built`,
    build: { context: 'app', builder: 'buildah' },
    ...access(world),
  });
}

/** Declares a verification that requires everything that was signed. */
export async function verify(step: Step): Promise<void> {
  const { world, engine, path } = step;
  const { trustedRoot, issuer, keys } = world;
  const [transparency = 'none'] = path.witnesses;
  await engine.up('VerifiedImage', {
    image: imageOf(step),
    ...access(world),
    ...(path.signer === 'key'
      ? { keys: [keys[path.keyName].publicKey] }
      : { identities: [{ identity: IDENTITY, issuer }] }),
    ...(path.witnesses.length > 0 && { sigstore: { trustedRoot } }),
    transparency,
    annotations: path.annotations,
    format: path.format,
    ...(path.provenance && { provenance: { builderId: FACTS.builder } }),
  });
}

/** Removes one of our signatures, as a cleanup job would. */
export function cleanUp({ world, engine }: Step): void {
  const outputs = engine.state.ImageSignature?.outputs['signatures'];
  const bundle = (outputs as { format: string; stored: string }[]).find(
    ({ format }) => format === 'bundle',
  );
  if (!bundle || !world.store.deleteManifest(REPOSITORY, bundle.stored)) {
    throw new Error('no signature to clean up');
  }
}

/** A refresh of an unchanged registry, which must not report anything as missing. */
export async function refreshWhole({ engine }: Step): Promise<void> {
  await engine.refresh('ImageBuild');
  await engine.refresh('ImageSignature');
  const { ImageBuild, ImageSignature } = engine.state;
  const drift = ImageSignature?.outputs['drift'];
  if (!ImageSignature || JSON.stringify(drift) !== '[]') {
    throw new Error(`a refresh reported existing signatures as missing: ${JSON.stringify(drift)}`);
  }
  if (ImageBuild === undefined && engine.logged.some((line) => line.includes('no longer has'))) {
    throw new Error('a refresh reported the image as missing');
  }
}
