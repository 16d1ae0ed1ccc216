import * as pulumi from '@pulumi/pulumi';

import type { BuildSummaryOutput } from '../resources/signature-outputs';
import type { BuildArgs } from './args';

/** What another provider's build was told, as far as it was declared; times and hashes are not known. */
export function declaredSummary(
  builder: string,
  build: BuildArgs,
): pulumi.Output<BuildSummaryOutput> {
  const names = (record: Record<string, string> | undefined): string[] =>
    Object.keys(record ?? {}).sort();
  // `secret` follows the values, not their names: of secret arguments only the names are told.
  const args = pulumi.output(build.args ?? {});
  const ids = pulumi.unsecret(pulumi.output(build.secrets ?? {}).apply(names));
  return pulumi
    .all([
      pulumi.isSecret(args),
      build.context,
      build.dockerfile,
      build.target,
      build.platforms,
      ids,
    ])
    .apply(([secret, context, dockerfile, target, platforms, secretIds]) => {
      const told = secret ? { secretArgs: pulumi.unsecret(args.apply(names)) } : { args };
      return pulumi.output({
        builder,
        context: context ?? '.',
        dockerfile: dockerfile ?? `${context ?? '.'}/Dockerfile`,
        ...(target !== undefined && { target }),
        ...(platforms !== undefined && { platforms }),
        ...told,
        secretIds,
      });
    });
}
