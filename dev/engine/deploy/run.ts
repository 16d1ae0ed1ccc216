import type { Policies } from '../policy/policies';
import type { ResourceRecord } from '../state/record';
import type { Snapshot } from '../state/snapshot';
import type { Provider } from '../provider/provider';
import { messageOf, Stopped, type PropertyFailure } from '../rpc/status';
import type { WireObject } from '../wire/signature';
import type { DeploymentContext } from './context';
import type { Gate } from './gate';
import type { Hooks } from './hooks';
import type { Reporter } from './reporter';
import type { Transforms } from './transforms';

/** The default provider of each package, and explicit ones, each a plugin of its own, started on first use. */
export interface Providers {
  /** `reference`: that of an explicit provider, or empty. */
  get(pkg: string, reference?: string): Promise<Provider>;
  /** Starts and configures an explicit provider that the program registers; returns what its plugin does not accept. */
  register(urn: string, inputs: WireObject): Promise<readonly PropertyFailure[]>;
  /** Requests that the plugins cancel their work; they may ignore that. */
  cancel(): Promise<void>;
  close(): Promise<void>;
}

/** Everything that the steps of one preview, up, refresh or destroy share. */
export interface Run {
  readonly context: DeploymentContext;
  readonly snapshot: Snapshot;
  readonly providers: Providers;
  readonly reporter: Reporter;
  readonly gate: Gate;
  readonly transforms: Transforms;
  readonly hooks: Hooks;
  readonly policies: Policies;
  /** URNs that this run has registered. */
  readonly seen: Set<string>;
  /** Former URNs of each registered resource. */
  readonly formerNames: Map<string, readonly string[]>;
  /** Deleted early, because a resource on which they depend is deleted before it is replaced. */
  readonly deletedEarly: Map<string, ResourceRecord>;
  /** URN of the stack, once the program has registered it. */
  root: string | undefined;
  /** Set by every error; the run ends with exit code 1. */
  failed: boolean;
  /** Writes the snapshot to the state file; does nothing in a preview. */
  save(): Promise<void>;
}

export const reportError = (run: Run, message: string, urn?: string): void => {
  run.failed = true;
  run.reporter.log('error', message, urn);
};

/** Runs one resource's work; any error is reported on it and stops the run. */
export const answerable = async <T>(
  run: Run,
  urn: string | undefined,
  work: () => Promise<T>,
): Promise<T> => {
  try {
    run.gate.check();
    return await work();
  } catch (error) {
    if (error instanceof Stopped) throw error;
    // After a stop only the first error is reported: further errors come from cancelled calls and ended plugins.
    if (!run.gate.stopped) reportError(run, messageOf(error), urn);
    run.gate.stop();
    throw new Stopped('the run has stopped');
  }
};
