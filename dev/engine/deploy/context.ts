import type { Config } from '../project/stack-config';

/** What every part of one run needs to know about it. */
export interface DeploymentContext {
  readonly project: string;
  readonly stack: string;
  readonly organization: string;
  readonly config: Config;
  readonly dryRun: boolean;
  readonly parallel: number;
  /** Where the monitor and the engine service listen. */
  readonly address: string;
}
