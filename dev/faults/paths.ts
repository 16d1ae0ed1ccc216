import type { RegistrySettings } from '../registry';
import { storeImage, storeIndex } from './image';
import {
  ANNOTATIONS,
  build,
  cleanUp,
  NEW_ANNOTATIONS,
  refreshWhole,
  sign,
  type Step,
  verify,
} from './steps';
import type { World } from './world';

/** A sequence of plugin calls that is run without faults, with a fault, and again. */
export interface FaultPath {
  readonly name: string;
  readonly format: 'bundle' | 'legacy' | 'both';
  readonly signer: 'key' | 'keyless';
  /** The key of the signatures at the end. */
  readonly keyName: 'ours' | 'next';
  /** The services that record a signature; verification requires the first one. */
  readonly witnesses: readonly ('log' | 'timestamp')[];
  /** The API version of the log. */
  readonly rekorVersion: 1 | 2;
  /** The authentication scheme of the registry. */
  readonly access: 'basic' | 'bearer';
  /** Settings of the registry. */
  readonly settings: Partial<RegistrySettings>;
  /** Number of manifests of the image, including the index. */
  readonly manifests: number;
  readonly provenance: boolean;
  /** Whether the image is built first, by a real builder. */
  readonly builds: boolean;
  /** Whether writes are forbidden, both in the run with a fault and in the next one. */
  readonly quiet: boolean;
  /** Our signatures in the registry at the end: those of the state, or after a delete the earlier ones or none. */
  readonly leaves: 'the signatures of the state' | 'the earlier signatures' | 'nothing';
  /** The signed annotations at the end. */
  readonly annotations: Readonly<Record<string, string>>;
  store(world: World): string;
  /** Preparation: runs once, without faults. */
  before(step: Step): Promise<void>;
  run(step: Step): Promise<void>;
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
  keyName: 'ours',
  witnesses: signer === 'key' ? [] : ['log', 'timestamp'],
  rekorVersion: 1,
  access: 'basic',
  settings: {},
  manifests: 1,
  provenance: format === 'both',
  builds: false,
  quiet: false,
  leaves: 'the signatures of the state',
  annotations: ANNOTATIONS,
  store: ({ registry }) => storeImage(registry),
  before: async () => undefined,
  run: (step) => sign(step),
  ...more,
});

const signedBefore = { before: (step: Step) => sign(step) };

/** Like a second stack, a second machine, or a stack whose state was lost. */
const lostState = {
  quiet: true,
  before: async (step: Step) => {
    await sign(step);
    delete step.engine.state.ImageSignature;
  },
};

const buildAndSign = async (step: Step): Promise<void> => {
  await build(step);
  await sign(step);
};

const OLD_REGISTRY = { referrersApi: false, etags: false };

export const PATHS: readonly FaultPath[] = [
  signing('build', 'key', 'bundle', { builds: true, provenance: true, run: buildAndSign }),
  signing('key-bundle', 'key', 'bundle'),
  signing('key-legacy', 'key', 'legacy'),
  signing('key-both', 'key', 'both'),
  signing('key-both-no-referrers', 'key', 'both', { settings: OLD_REGISTRY }),
  signing('key-log', 'key', 'bundle', { witnesses: ['log'] }),
  signing('key-timestamp', 'key', 'both', { witnesses: ['timestamp'], provenance: false }),
  signing('key-log-timestamp', 'key', 'bundle', { witnesses: ['log', 'timestamp'] }),
  signing('keyless-bundle', 'keyless', 'bundle'),
  signing('keyless-legacy', 'keyless', 'legacy'),
  signing('keyless-both', 'keyless', 'both'),
  signing('keyless-log', 'keyless', 'bundle', { witnesses: ['log'] }),
  signing('keyless-timestamp', 'keyless', 'bundle', { witnesses: ['timestamp'] }),
  signing('keyless-rekor-v2', 'keyless', 'bundle', { rekorVersion: 2 }),
  signing('bearer', 'key', 'both', { access: 'bearer', provenance: false }),
  signing('index', 'key', 'bundle', {
    manifests: 3,
    store: ({ registry }) => storeIndex(registry),
  }),
  signing('update-annotation', 'key', 'both', {
    ...signedBefore,
    provenance: false,
    annotations: NEW_ANNOTATIONS,
    run: (step) => sign(step, { annotations: NEW_ANNOTATIONS }),
  }),
  signing('update-key', 'key', 'both', {
    ...signedBefore,
    provenance: false,
    keyName: 'next',
    run: (step) => sign(step, { keyName: 'next' }),
  }),
  signing('refresh', 'keyless', 'both', {
    ...signedBefore,
    quiet: true,
    run: async (step) => {
      await refreshWhole(step);
      await sign(step);
    },
  }),
  signing('refresh-build', 'key', 'bundle', {
    builds: true,
    provenance: true,
    quiet: true,
    before: buildAndSign,
    run: async (step) => {
      await refreshWhole(step);
      await buildAndSign(step);
    },
  }),
  signing('refresh-bearer', 'key', 'legacy', {
    ...signedBefore,
    access: 'bearer',
    quiet: true,
    run: async (step) => {
      await refreshWhole(step);
      await sign(step);
    },
  }),
  signing('always', 'key', 'bundle', {
    before: (step) => sign(step, { always: true }),
    quiet: true,
    run: (step) => sign(step, { always: true }),
  }),
  signing('repair', 'key', 'both', {
    provenance: false,
    before: async (step) => {
      await sign(step);
      cleanUp(step);
    },
    run: async (step) => {
      await step.engine.refresh('ImageSignature');
      await sign(step);
    },
  }),
  signing('reuse-both', 'key', 'both', { ...lostState }),
  signing('reuse-keyless', 'keyless', 'both', { ...lostState, provenance: false }),
  signing('reuse-no-referrers', 'key', 'bundle', { ...lostState, settings: OLD_REGISTRY }),
  signing('verify', 'keyless', 'both', { ...signedBefore, quiet: true, run: verify }),
  signing('delete-signatures', 'key', 'both', {
    leaves: 'nothing',
    before: (step) => sign(step, { deletion: 'signatures' }),
    run: ({ engine }) => engine.delete('ImageSignature'),
  }),
  signing('delete', 'key', 'both', {
    ...signedBefore,
    quiet: true,
    leaves: 'the earlier signatures',
    run: ({ engine }) => engine.delete('ImageSignature'),
  }),
];
