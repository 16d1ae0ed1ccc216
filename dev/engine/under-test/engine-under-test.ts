import type { ConfigValue, PolicyPackOptions } from '../types';

/** One engine and one stack of one project, with the same interface for both engines. */
export interface EngineUnderTest {
  readonly engine: 'local' | 'real';
  readonly stack: string;
  /** `flags` of the real CLI, such as `--target`; the local engine does not have any. */
  preview(flags?: readonly string[]): Promise<RunOutcome>;
  up(flags?: readonly string[]): Promise<RunOutcome>;
  refresh(): Promise<RunOutcome>;
  destroy(): Promise<RunOutcome>;
  setConfig(key: string, value: ConfigValue): Promise<void>;
  /** Stack outputs of the state, secrets as `[secret]`. */
  outputs(): Promise<Readonly<Record<string, unknown>>>;
  /** The state as text, with encrypted secrets. */
  exportState(): Promise<string>;
  /** Replaces the state by one that `exportState` returned, of a stack with the same names and passphrase. */
  importState(text: string): Promise<void>;
  /** All output and log messages so far. */
  logs(): string;
  dispose(): Promise<void>;
}

export interface StepOutcome {
  readonly op: string;
  readonly type: string;
  readonly name: string;
}

export interface ViolationOutcome {
  readonly policy: string;
  readonly level: string;
  readonly type: string;
  readonly name: string;
  readonly message: string;
}

export interface RunOutcome {
  readonly ok: boolean;
  /** Resources by operation, as the real CLI counts them. */
  readonly summary: Readonly<Record<string, number>>;
  /** Finished steps without providers, because only the real engine has default ones. */
  readonly steps: readonly StepOutcome[];
  readonly errors: readonly string[];
  /** What a run leaves under Diagnostics: its messages without those that are only shown as a status. */
  readonly diagnostics: readonly string[];
  /** Policy violations. */
  readonly violations: readonly ViolationOutcome[];
  /** The output of this run. */
  readonly logs: string;
}

export interface UnderTestOptions {
  readonly projectDir: string;
  /** Folder for the state; the caller removes it. */
  readonly dir: string;
  /** Default: a unique name, because the real CLI stores a stack's config beside `Pulumi.yaml`. */
  readonly stack?: string;
  readonly passphrase?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Local engine: files with the schemas of packages without a plugin. */
  readonly schemas?: Readonly<Record<string, string>>;
  /** Real engine: packages whose resources are recorded, as the local engine does for each package without a plugin. */
  readonly recorded?: readonly string[];
  /** Policy packs, evaluated in every preview and update. */
  readonly policyPack?: PolicyPackOptions;
}
