import type { ProgramOptions } from '../program-options';

/**
 * The environment by which the SDKs for Go, Java and .NET find the engine, as the language hosts set it:
 * https://github.com/pulumi/pulumi/blob/master/sdk/go/pulumi/run.go
 */
export const programEnvironment = (
  options: ProgramOptions,
): Readonly<Record<string, string | undefined>> => ({
  ...options.env,
  ...configEnvironment(options),
  PULUMI_MONITOR: options.monitor,
  PULUMI_ENGINE: options.monitor,
  PULUMI_ORGANIZATION: options.organization,
  PULUMI_PROJECT: options.project.name,
  PULUMI_ROOT_DIRECTORY: options.project.dir,
  PULUMI_STACK: options.stack,
  PULUMI_DRY_RUN: String(options.dryRun),
  PULUMI_PARALLEL: String(options.parallel),
});

export const configEnvironment = ({
  config,
  secretKeys,
}: ProgramOptions): Readonly<Record<string, string>> => ({
  PULUMI_CONFIG: JSON.stringify(config),
  PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(secretKeys),
});
