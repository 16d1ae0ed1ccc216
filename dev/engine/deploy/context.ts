import type { Config } from '../project/stack-config';

/** Facts about one run that all its parts share. */
export interface DeploymentContext {
  readonly project: string;
  readonly stack: string;
  readonly organization: string;
  readonly config: Config;
  readonly dryRun: boolean;
  readonly parallel: number;
  /** Address of the monitor and the engine service. */
  readonly address: string;
}
