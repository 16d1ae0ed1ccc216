import * as pulumi from '@pulumi/pulumi';

import type { BuildSummaryOutput } from '../resources/signature-outputs';
import type { BuildArgs } from './args';
import { PROVIDER_BUILDERS, type ProviderBuilder } from './provider-builders';

/**
 * What another provider's build was told, as far as it was declared and handed to that provider;
 * times and hashes are not known.
 */
export function declaredSummary(
  builder: ProviderBuilder,
  declared: BuildArgs,
): pulumi.Output<BuildSummaryOutput> {
  const build = handed(builder, declared);
  // `secret` follows the values, not their names: of secrets only the ids are told.
  const ids = pulumi.unsecret(pulumi.output(build.secrets ?? {}).apply(sortedNames));
  return pulumi
    .all([
      shownArguments(build.args ?? {}),
      build.context,
      build.dockerfile,
      build.target,
      build.platforms,
      build.labels,
      build.buildxBuilder,
      ids,
    ])
    .apply(([args, context, dockerfile, target, platforms, labels, buildxBuilder, secretIds]) => ({
      builder,
      context: context ?? '.',
      dockerfile: dockerfile ?? `${context ?? '.'}/Dockerfile`,
      ...(target !== undefined && { target }),
      ...(platforms !== undefined && { platforms }),
      ...(labels !== undefined && { labels }),
      ...(buildxBuilder !== undefined && { buildxBuilder }),
      ...args,
      secretIds,
    }));
}

function handed(builder: ProviderBuilder, declared: BuildArgs): BuildArgs {
  const taken = PROVIDER_BUILDERS[builder];
  return Object.fromEntries(
    Object.entries(declared).filter(([name]) => taken[name as keyof BuildArgs] === true),
  );
}

interface ShownArguments {
  readonly args?: Record<string, string>;
  readonly secretArgs?: string[];
}

/** Of secret arguments only the names are told. A map that is an output is secret as a whole, or not at all. */
function shownArguments(args: NonNullable<BuildArgs['args']>): pulumi.Output<ShownArguments> {
  if (pulumi.Output.isInstance(args) || args instanceof Promise) {
    const whole = pulumi.output(args);
    const names = pulumi.unsecret(whole.apply(sortedNames));
    return pulumi
      .output(pulumi.isSecret(whole))
      .apply((secret): pulumi.Output<ShownArguments> =>
        secret
          ? names.apply((secretArgs) => ({ secretArgs }))
          : whole.apply((values) => ({ args: values })),
      );
  }
  const members = Object.entries(args).map(([name, value]) => {
    const output = pulumi.output(value);
    return pulumi.isSecret(output).then((secret) => ({ name, output, secret }));
  });
  return pulumi.output(Promise.all(members).then(separated)).apply((shown) => shown);
}

interface Member {
  readonly name: string;
  readonly output: pulumi.Output<string>;
  readonly secret: boolean;
}

function separated(members: readonly Member[]): {
  args: Record<string, pulumi.Output<string>>;
  secretArgs: string[];
} {
  const open = members.filter(({ secret }) => !secret);
  return {
    args: Object.fromEntries(open.map(({ name, output }) => [name, output])),
    secretArgs: members.flatMap(({ name, secret }) => (secret ? [name] : [])).sort(),
  };
}

function sortedNames(record: Record<string, string> | undefined): string[] {
  return Object.keys(record ?? {}).sort();
}
