import type { InlineProgram } from './process/inline-program';
import type { Wire } from './wire/signature';

/** A folder with a policy pack, and the file of its configuration. */
export interface PolicyPackOptions {
  readonly folder: string;
  /** JSON file, as for `--policy-pack-config`. */
  readonly config?: string;
}

/** A config value: plain text or secret. */
export type ConfigValue = string | { readonly secret: string };

export interface EngineOptions {
  /** Folder of `Pulumi.yaml`. */
  readonly projectDir: string;
  readonly stack: string;
  /** File of the state. Exactly one of `stateFile` and `backendDir` may be given. */
  readonly stateFile?: string;
  /** Folder for states, `<backendDir>/<project>/<stack>.json`. Default: `.pulumi-local` in the project's folder. */
  readonly backendDir?: string;
  /** Encrypts the secrets of the state. Default: `PULUMI_CONFIG_PASSPHRASE` of `env`, then of the process. */
  readonly passphrase?: string;
  /** Keys `name` or `namespace:name`; takes precedence over `Pulumi.<stack>.yaml`. */
  readonly config?: Readonly<Record<string, ConfigValue>>;
  /** Files with the schemas of packages without an available plugin, by package: YAML programs are checked by them. */
  readonly schemas?: Readonly<Record<string, string>>;
  /** Further environment of the program and the plugins. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Receives all events of a run. */
  readonly log?: (entry: LogEntry) => void;
  /** An inline program. Default: the program in the project's folder, in its own process. */
  readonly inline?: InlineProgram;
  /** Steps at the same time; default 16. */
  readonly parallel?: number;
  /** Policy packs, evaluated in previews and updates in this order. */
  readonly policyPacks?: readonly PolicyPackOptions[];
  /** Shows secrets in `outputs`; default false. */
  readonly showSecrets?: boolean;
  /** Ends a run (and its children) on SIGINT and SIGTERM; default true. */
  readonly handleSignals?: boolean;
}

export type Operation =
  | 'create'
  | 'update'
  | 'replace'
  | 'create-replacement'
  | 'delete-replaced'
  | 'delete'
  | 'same'
  | 'read'
  | 'discard';

export interface EngineEvent {
  readonly op: Operation;
  readonly urn: string;
  readonly type: string;
  /** Properties that caused the step, as returned by the provider. */
  readonly reasons: readonly string[];
}

export type Severity = 'debug' | 'info' | 'warning' | 'error';

export interface Diagnostic {
  readonly severity: Severity;
  readonly message: string;
  readonly urn?: string;
}

/** A policy violation. A mandatory one fails the run, before the creation of the resource if possible. */
export interface Violation {
  readonly policy: string;
  readonly pack: string;
  readonly level: 'advisory' | 'mandatory';
  readonly message: string;
  readonly urn: string;
}

export type LogEntry =
  | { readonly kind: 'diagnostic'; readonly diagnostic: Diagnostic; readonly ephemeral: boolean }
  | { readonly kind: 'step'; readonly phase: 'start' | 'done'; readonly event: EngineEvent }
  | { readonly kind: 'output'; readonly source: 'program' | 'plugin'; readonly line: string }
  | { readonly kind: 'violation'; readonly violation: Violation }
  | { readonly kind: 'outputs'; readonly outputs: Readonly<Record<string, Wire>> };

export type Summary = Readonly<Partial<Record<Operation, number>>>;

export interface RunResult {
  /** False if anything failed; then unregistered resources were not deleted. */
  readonly ok: boolean;
  /** Number of resources by operation; a replacement counts once. */
  readonly summary: Summary;
  /** Stack outputs; secrets as `[secret]` unless `showSecrets`, unknowns as `[unknown]`. */
  readonly outputs: Readonly<Record<string, Wire>>;
  readonly events: readonly EngineEvent[];
  /** Messages of program, plugins and engine, without status lines. */
  readonly diagnostics: readonly Diagnostic[];
  readonly violations: readonly Violation[];
}

export interface Engine {
  preview(): Promise<RunResult>;
  up(): Promise<RunResult>;
  refresh(): Promise<RunResult>;
  destroy(): Promise<RunResult>;
  /** Stack outputs of the state. */
  outputs(): Promise<Readonly<Record<string, Wire>>>;
  /** Stops the run: starts no new steps; steps in progress finish. A second call kills the children. */
  cancel(): void;
  readonly stateFile: string;
}
