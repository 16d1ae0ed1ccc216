import type { Problem } from '../../../error';
import type { ResourceLog } from './engine-log';
import type { Properties } from './wire-value';

export interface CheckRequest {
  readonly urn: string;
  /** The inputs that the last `check` returned; empty for a new or replaced resource. */
  readonly olds: Properties;
  readonly news: Properties;
  readonly log: ResourceLog;
}

export interface CheckResult {
  /** The inputs to store, with the values that `check` computed. */
  readonly inputs: Properties;
  readonly problems: readonly Problem[];
}

export interface DiffRequest {
  readonly urn: string;
  readonly id: string;
  readonly oldInputs: Properties;
  readonly oldOutputs: Properties;
  readonly news: Properties;
  readonly log: ResourceLog;
}

/** The top-level inputs that changed; `replaces` are those that require a replacement. */
export interface DiffResult {
  readonly changed: readonly string[];
  readonly replaces: readonly string[];
}

export interface CreateRequest {
  readonly urn: string;
  readonly inputs: Properties;
  /** In a preview nothing is written, and outputs that are not known yet are `UNKNOWN`. */
  readonly preview: boolean;
  readonly log: ResourceLog;
  /** The engine cancelled the call, or its time is over. */
  readonly signal?: AbortSignal;
}

export interface CreateResult {
  readonly id: string;
  readonly outputs: Properties;
}

export interface UpdateRequest extends CreateRequest {
  readonly id: string;
  readonly oldInputs: Properties;
  readonly oldOutputs: Properties;
}

export interface ReadRequest {
  readonly urn: string;
  readonly id: string;
  readonly inputs: Properties;
  readonly outputs: Properties;
  readonly log: ResourceLog;
}

/** `undefined` if the resource no longer exists. */
export type ReadResult = { readonly inputs: Properties; readonly outputs: Properties } | undefined;

export interface DeleteRequest {
  readonly urn: string;
  readonly id: string;
  readonly inputs: Properties;
  readonly outputs: Properties;
  readonly log: ResourceLog;
}

/**
 * A custom resource of this package, with the operations that the engine calls. `create` and `update`
 * reject with a `PartialStateError` if something was written before they failed.
 */
export interface CrudResource {
  readonly type: string;
  check(request: CheckRequest): Promise<CheckResult>;
  diff(request: DiffRequest): Promise<DiffResult>;
  create(request: CreateRequest): Promise<CreateResult>;
  update(request: UpdateRequest): Promise<Properties>;
  read(request: ReadRequest): Promise<ReadResult>;
  delete(request: DeleteRequest): Promise<void>;
}
