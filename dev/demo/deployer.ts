/** A config value: plain text, or kept secret. */
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
  /** All that was said, for who wants to know why it failed. */
  readonly messages: string;
}

/** A resource as the state has it. */
export interface StateResource {
  readonly type: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** Deploys the examples, unchanged: the Pulumi CLI, or the local engine. */
export interface Deployer {
  /** For the user: which engine it is and why. */
  readonly title: string;
  preview(stack: Stack): Promise<Deployment>;
  up(stack: Stack): Promise<Deployment>;
  resources(stack: Stack): Promise<readonly StateResource[]>;
  /** Removes what it left outside of the demo's folder. */
  close(): Promise<void>;
}

/** `npm run lint` checks the types of the examples; to do it in each run takes longer than the run. */
export const PROGRAM_ENVIRONMENT = { PULUMI_NODEJS_TRANSPILE_ONLY: 'true' } as const;
