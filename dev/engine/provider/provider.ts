import type { PropertyFailure } from '../rpc/status';
import type { Wire, WireObject } from '../wire/signature';

export interface Identity {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
}

export interface Checked {
  readonly inputs: WireObject;
  readonly failures: readonly PropertyFailure[];
}

export interface Difference {
  /** `unknown`: the engine compares the inputs. */
  readonly changes: 'none' | 'some' | 'unknown';
  readonly replaces: readonly string[];
  readonly deleteBeforeReplace: boolean;
  readonly reasons: readonly string[];
  /** `replaceOnChanges` has an effect only with it, as in the real engine. */
  readonly detailed: boolean;
}

export interface Created {
  /** Empty in a preview if it is unknown. */
  readonly id: string;
  readonly outputs: WireObject;
}

export interface ReadState {
  /** Undefined if the resource no longer exists. */
  readonly id?: string;
  readonly outputs: WireObject;
  readonly inputs?: WireObject;
}

export interface OldState {
  readonly id: string;
  readonly inputs: WireObject;
  readonly outputs: WireObject;
}

export interface InvokeArgs {
  readonly token: string;
  readonly args: WireObject;
  readonly dryRun: boolean;
}

export interface Invoked {
  readonly result: WireObject;
  readonly failures: readonly PropertyFailure[];
}

export interface HookNames {
  readonly beforeCreate: readonly string[];
  readonly afterCreate: readonly string[];
  readonly beforeUpdate: readonly string[];
  readonly afterUpdate: readonly string[];
  readonly beforeDelete: readonly string[];
  readonly afterDelete: readonly string[];
}

export interface Timeouts {
  readonly create: string;
  readonly update: string;
  readonly delete: string;
}

export interface AliasSpec {
  readonly urn?: string;
  readonly name?: string;
  readonly type?: string;
  readonly stack?: string;
  readonly project?: string;
  readonly parent?: string;
  readonly noParent?: boolean;
}

export interface ConstructArgs extends Omit<Identity, 'urn'> {
  readonly parent: string;
  readonly inputs: WireObject;
  readonly inputDependencies: Readonly<Record<string, readonly string[]>>;
  readonly dependencies: readonly string[];
  readonly providers: Readonly<Record<string, string>>;
  readonly protect?: boolean;
  readonly retainOnDelete?: boolean;
  readonly deleteBeforeReplace?: boolean;
  readonly additionalSecretOutputs: readonly string[];
  readonly ignoreChanges: readonly string[];
  readonly replaceOnChanges: readonly string[];
  readonly deletedWith?: string;
  readonly hooks: HookNames;
  readonly timeouts: Timeouts;
  readonly aliases: readonly AliasSpec[];
}

export interface Constructed {
  readonly urn: string;
  readonly outputs: WireObject;
  readonly dependencies: Readonly<Record<string, readonly string[]>>;
}

/** One package's resources, behind a plugin or without one. Every method may throw; the message is for the user. */
export interface Provider {
  readonly pkg: string;
  /** False if resources are only recorded, with their inputs as outputs. */
  readonly managed: boolean;
  /** Whether Create and Update support previews. */
  readonly supportsPreview: boolean;
  check(identity: Identity, olds: WireObject, news: WireObject): Promise<Checked>;
  diff(
    identity: Identity,
    old: OldState,
    news: WireObject,
    ignore: readonly string[],
  ): Promise<Difference>;
  create(identity: Identity, inputs: WireObject, preview: boolean): Promise<Created>;
  update(
    identity: Identity,
    old: OldState,
    news: WireObject,
    preview: boolean,
  ): Promise<WireObject>;
  read(
    identity: Identity,
    id: string,
    outputs: WireObject,
    inputs: WireObject | undefined,
  ): Promise<ReadState>;
  delete(identity: Identity, old: OldState): Promise<void>;
  invoke(args: InvokeArgs): Promise<Invoked>;
  construct(args: ConstructArgs, signal: AbortSignal): Promise<Constructed>;
  /** The package's schema, as JSON. */
  schema(): Promise<string>;
  /** Requests that it cancels its work. */
  cancel(): Promise<void>;
  close(): Promise<void>;
}

/** The resource exists but did not become ready: it is recorded, and updated by the next run. */
export class PartialFailure extends Error {
  override readonly name = 'PartialFailure';
  readonly id: string;
  readonly properties: Readonly<Record<string, Wire>>;
  readonly reasons: readonly string[];

  constructor(id: string, properties: WireObject, reasons: readonly string[], message: string) {
    super(reasons.length === 0 ? message : reasons.join('\n'));
    this.id = id;
    this.properties = properties;
    this.reasons = reasons.length === 0 ? [message] : reasons;
  }
}
