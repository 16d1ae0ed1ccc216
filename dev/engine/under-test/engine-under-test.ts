import type { ConfigValue, PolicyPackOptions } from '../types';

/** One engine and one stack of one project, driven the same way whichever engine it is. */
export interface EngineUnderTest {
  readonly engine: 'local' | 'real';
  readonly stack: string;
  preview(): Promise<RunOutcome>;
  up(): Promise<RunOutcome>;
  refresh(): Promise<RunOutcome>;
  destroy(): Promise<RunOutcome>;
  setConfig(key: string, value: ConfigValue): Promise<void>;
  /** Stack outputs of the state, secrets as `[secret]`. */
  outputs(): Promise<Readonly<Record<string, unknown>>>;
  /** The state as text, secrets sealed. */
  exportState(): Promise<string>;
  /** All that was said so far, to the user and to the log. */
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
  /** Finished steps; providers are left out, as only the real engine has default ones. */
  readonly steps: readonly StepOutcome[];
  readonly errors: readonly string[];
  /** What policies found. */
  readonly violations: readonly ViolationOutcome[];
  /** What this run said. */
  readonly logs: string;
}

export interface UnderTestOptions {
  readonly projectDir: string;
  /** Folder for the state; the caller removes it. */
  readonly dir: string;
  /** Default: a name that no other test uses, as the real CLI keeps a stack's config beside `Pulumi.yaml`. */
  readonly stack?: string;
  readonly passphrase?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Checked in every preview and update. */
  readonly policyPack?: PolicyPackOptions;
}
