/** A config value: plain text or secret. */
export type ConfigValue = string | { readonly secret: string };

/** A program to deploy. */
export interface Stack {
  /** Name of the folder in examples/. */
  readonly example: string;
  readonly name: string;
  readonly config: Readonly<Record<string, ConfigValue>>;
}

export interface Deployment {
  readonly ok: boolean;
  readonly outputs: Readonly<Record<string, unknown>>;
  /** All messages, to explain a failure. */
  readonly messages: string;
}

/** A resource in the state. */
export interface StateResource {
  readonly type: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** Deploys the unchanged examples with the Pulumi CLI or with the local engine. */
export interface Deployer {
  /** Names the engine and the reason for its choice, for the user. */
  readonly title: string;
  preview(stack: Stack): Promise<Deployment>;
  up(stack: Stack): Promise<Deployment>;
  resources(stack: Stack): Promise<readonly StateResource[]>;
  /** Removes files that it wrote outside of the demo's folder. */
  close(): Promise<void>;
}

/** Examples run without a type check, which would take longer than the run; `npm run lint` checks their types. */
export const PROGRAM_ENVIRONMENT = { PULUMI_NODEJS_TRANSPILE_ONLY: 'true' } as const;
