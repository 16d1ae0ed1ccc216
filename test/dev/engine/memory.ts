import { Gate } from '../../../dev/engine/deploy/gate';
import type { Goal } from '../../../dev/engine/deploy/goal';
import { NO_HOOKS } from '../../../dev/engine/deploy/goal';
import { Hooks } from '../../../dev/engine/deploy/hooks';
import { Policies } from '../../../dev/engine/policy/policies';
import { Reporter } from '../../../dev/engine/deploy/reporter';
import type { Run } from '../../../dev/engine/deploy/run';
import { Transforms } from '../../../dev/engine/deploy/transforms';
import { recordedProvider } from '../../../dev/engine/provider/recorded';
import type { Provider } from '../../../dev/engine/provider/provider';
import { Callbacks } from '../../../dev/engine/rpc/callbacks';
import type { ResourceRecord } from '../../../dev/engine/state/record';
import { Snapshot } from '../../../dev/engine/state/snapshot';
import type { WireObject } from '../../../dev/engine/wire/signature';
import { changedKeys } from '../../../dev/engine/wire/value';

/** A provider in this process: `name` and `needs` replace, everything else updates. */
export const memoryProvider = (calls: string[], changes: Partial<Provider> = {}): Provider => ({
  ...recordedProvider('mem'),
  managed: true,
  diff: async ({ name }, old, news) => {
    calls.push(`diff ${name}`);
    const { token: _token, ...olds } = old.outputs;
    const changed = changedKeys(olds, news);
    const replaces = changed.filter((key) => key === 'name' || key === 'needs');
    return {
      changes: changed.length > 0 ? 'some' : 'none',
      replaces,
      deleteBeforeReplace: false,
      reasons: changed,
      detailed: false,
    };
  },
  create: async ({ name }, inputs) => {
    calls.push(`create ${name}`);
    return { id: `id-${calls.length}`, outputs: { ...inputs, token: `${name}-${calls.length}` } };
  },
  update: async ({ name }, old, news) => {
    calls.push(`update ${name}`);
    return { ...news, token: old.outputs['token'] ?? null };
  },
  delete: async ({ name }) => {
    calls.push(`delete ${name}`);
  },
  ...changes,
});

export interface MemoryRun {
  readonly run: Run;
  readonly calls: string[];
  readonly errors: () => readonly string[];
}

/** A run without processes, on the given state. */
export const memoryRun = (
  records: readonly ResourceRecord[] = [],
  changes: Partial<Provider> = {},
  dryRun = false,
): MemoryRun => {
  const calls: string[] = [];
  const reporter = new Reporter(() => undefined, []);
  const callbacks = new Callbacks();
  const provider = memoryProvider(calls, changes);
  const context = {
    project: 'demo',
    stack: 'dev',
    organization: 'organization',
    config: { values: {}, secretKeys: [] },
    dryRun,
    parallel: 4,
    address: '',
  };
  const run: Run = {
    context,
    snapshot: new Snapshot(records),
    providers: {
      register: async () => [],
      get: async (pkg) => (pkg === 'mem' ? provider : recordedProvider(pkg)),
      cancel: async () => undefined,
      close: async () => undefined,
    },
    reporter,
    gate: new Gate(4),
    transforms: new Transforms(callbacks),
    hooks: new Hooks(callbacks, reporter, dryRun),
    policies: new Policies({ packs: [], projectDir: '.', context, reporter, env: {} }),
    seen: new Set(),
    formerNames: new Map(),
    deletedEarly: new Map(),
    root: undefined,
    failed: false,
    save: async () => undefined,
  };
  const errors = (): readonly string[] =>
    reporter.diagnostics.filter((one) => one.severity === 'error').map((one) => one.message);
  return { run, calls, errors };
};

export const goal = (name: string, inputs: WireObject = {}, options: Partial<Goal> = {}): Goal => ({
  type: 'mem:index:Thing',
  name,
  parent: '',
  custom: true,
  remote: false,
  inputs,
  propertyDependencies: {},
  dependencies: [],
  ignoreChanges: [],
  replaceOnChanges: [],
  additionalSecretOutputs: [],
  aliases: [],
  provider: '',
  providers: {},
  version: '',
  pluginDownloadUrl: '',
  importId: '',
  timeouts: { create: '', update: '', delete: '' },
  hooks: NO_HOOKS,
  ...options,
});

export const urn = (name: string): string => `urn:pulumi:dev::demo::mem:index:Thing::${name}`;
