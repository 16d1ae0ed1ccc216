import type { RegistrySettings, RegistryStore } from '../registry';
import { Secret } from '../../src/pulumi/plugin/wire-value';
import type { EngineRun } from './engine';
import { IDENTITY, REPOSITORY, storeImage, storeIndex, USER, type World } from './world';

/** One way through the plugin, to be run whole, with a fault, and again. */
export interface FaultPath {
  readonly name: string;
  readonly format: 'bundle' | 'legacy' | 'both';
  readonly signer: 'key' | 'keyless';
  /** How the registry is switched. */
  readonly settings: Partial<RegistrySettings>;
  /** Manifests of the image: the index too. */
  readonly manifests: number;
  readonly provenance: boolean;
  /** What is signed with the image in the end. */
  readonly annotations: Readonly<Record<string, string>>;
  store(world: World): string;
  /** What happened before: it is done once, without faults. */
  before(step: Step): Promise<void>;
  run(step: Step): Promise<void>;
}

/** What a run knows of the world; it may be in another process. */
export type Reachable = Pick<
  World,
  'services' | 'issuer' | 'trustedRoot' | 'keys' | 'keyPassword' | 'registryPassword'
> & { readonly store?: RegistryStore };

/** What a path works with. */
export interface Step {
  readonly world: Reachable;
  readonly engine: EngineRun;
  /** `host/repo@digest`. */
  readonly image: string;
  readonly path: FaultPath;
}

const ANNOTATIONS = { team: 'blue' };
const NEW_ANNOTATIONS = { team: 'green' };

const FACTS = {
  builder: 'https://ci.example.test/builder',
  system: 'none',
  commit: '0a'.repeat(20),
};
const BUILD = {
  builder: 'auto',
  context: 'app',
  dockerfile: 'app/Dockerfile',
  startedOn: '2026-01-01T00:00:00Z',
  finishedOn: '2026-01-01T00:01:00Z',
};

const access = ({ registryPassword }: Reachable): object => ({
  registry: { username: USER, password: new Secret(registryPassword) },
});

function signerOf({ world, path }: Step): object {
  const { services, trustedRoot, keys, keyPassword } = world;
  return path.signer === 'key'
    ? { key: { ref: keys.ours.path, password: new Secret(keyPassword) } }
    : {
        keyless: { tokenEnv: 'FAULTS_IDENTITY_TOKEN' },
        sigstore: { ...services, trustedRoot },
      };
}

async function sign(step: Step, annotations: object): Promise<void> {
  const { world, engine, image, path } = step;
  await engine.up('ImageSignature', {
    image,
    ...signerOf(step),
    ...access(world),
    format: path.format,
    facts: FACTS,
    ...(path.provenance && { build: BUILD }),
    annotations,
  });
}

/** What a reader would declare: all that was signed must be there. */
export async function verify(step: Step): Promise<void> {
  const { world, engine, image, path } = step;
  const { trustedRoot, issuer, keys } = world;
  await engine.up('VerifiedImage', {
    image,
    ...access(world),
    ...(path.signer === 'key'
      ? { keys: [keys.ours.publicKey] }
      : {
          identities: [{ identity: IDENTITY, issuer }],
          sigstore: { trustedRoot },
        }),
    annotations: path.annotations,
    format: path.format,
    ...(path.provenance && { provenance: { builderId: FACTS.builder } }),
  });
}

const signing = (
  name: string,
  signer: FaultPath['signer'],
  format: FaultPath['format'],
  more: Partial<FaultPath> = {},
): FaultPath => ({
  name,
  signer,
  format,
  settings: {},
  manifests: 1,
  provenance: format === 'both',
  annotations: ANNOTATIONS,
  store: ({ registry }) => storeImage(registry),
  before: async () => undefined,
  run: (step) => sign(step, ANNOTATIONS),
  ...more,
});

const signedBefore = { before: (step: Step) => sign(step, ANNOTATIONS) };

/** As a second stack, a second machine, or one whose state was lost. */
const lostState = {
  before: async (step: Step) => {
    await sign(step, ANNOTATIONS);
    delete step.engine.state.ImageSignature;
  },
};

/** Removes one signature of ours, as a cleanup job would. */
function cleanUp({ world, engine }: Step): void {
  const outputs = engine.state.ImageSignature?.outputs['signatures'];
  const bundle = (outputs as { format: string; stored: string }[]).find(
    ({ format }) => format === 'bundle',
  );
  if (!bundle || !world.store?.deleteManifest(REPOSITORY, bundle.stored)) {
    throw new Error('there was nothing to clean up');
  }
}

const refresh = async (step: Step): Promise<void> => {
  await step.engine.refresh('ImageSignature');
  await sign(step, ANNOTATIONS);
};

export const PATHS: readonly FaultPath[] = [
  signing('key-bundle', 'key', 'bundle'),
  signing('key-legacy', 'key', 'legacy'),
  signing('key-both', 'key', 'both'),
  signing('key-both-no-referrers', 'key', 'both', {
    settings: { referrersApi: false, etags: false },
  }),
  signing('keyless-bundle', 'keyless', 'bundle'),
  signing('keyless-legacy', 'keyless', 'legacy'),
  signing('keyless-both', 'keyless', 'both'),
  signing('index', 'key', 'bundle', {
    manifests: 3,
    store: ({ registry }) => storeIndex(registry),
  }),
  signing('update', 'key', 'both', {
    ...signedBefore,
    provenance: false,
    annotations: NEW_ANNOTATIONS,
    run: (step) => sign(step, NEW_ANNOTATIONS),
  }),
  signing('refresh', 'keyless', 'bundle', { ...signedBefore, run: refresh }),
  signing('repair', 'key', 'both', {
    provenance: false,
    before: async (step) => {
      await sign(step, ANNOTATIONS);
      cleanUp(step);
    },
    run: refresh,
  }),
  signing('reuse-both', 'key', 'both', { ...lostState }),
  signing('reuse-keyless', 'keyless', 'both', { ...lostState, provenance: false }),
  signing('reuse-no-referrers', 'key', 'bundle', {
    ...lostState,
    settings: { referrersApi: false, etags: false },
  }),
  signing('verify', 'keyless', 'both', { ...signedBefore, run: verify }),
];
