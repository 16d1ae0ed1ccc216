import * as pulumi from '@pulumi/pulumi';

import { networkOf, parseSsh } from '../../build';
import type { BuildSummaryOutput } from '../resources/signature-outputs';
import type { BuildArgs } from './args';
import { PROVIDER_BUILDERS, type ProviderBuilder } from './provider-builders';

/**
 * Summarizes a build by another provider's resource: the declared inputs that are passed to that
 * provider. Times and hashes are not known.
 */
export function declaredSummary(
  builder: ProviderBuilder,
  declared: BuildArgs,
): pulumi.Output<BuildSummaryOutput> {
  const build = supportedInputs(builder, declared);
  // `secret` marks the values, not their names: only the ids of the secrets are in the summary.
  const ids = pulumi.unsecret(pulumi.output(build.secrets ?? {}).apply(sortedNames));
  return pulumi
    .all([
      pulumi
        .all([summarizeArguments(build.args ?? {}), summarizeSteps(build)])
        .apply(([args, steps]) => ({ ...args, ...steps })),
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

type StepSummary = Pick<
  BuildSummaryOutput,
  'contexts' | 'pull' | 'noCache' | 'network' | 'addHosts' | 'sshIds'
>;

function summarizeSteps({
  contexts,
  pull,
  noCache,
  network,
  addHosts,
  ssh,
}: BuildArgs): pulumi.Output<StepSummary> {
  return pulumi.output({ contexts, pull, noCache, network, addHosts, ssh }).apply((steps) => ({
    ...(steps.contexts && { contexts: steps.contexts }),
    ...(steps.pull && { pull: true }),
    ...(steps.noCache && { noCache: true }),
    ...networkOf(steps.network),
    ...(steps.addHosts && { addHosts: steps.addHosts }),
    ...(steps.ssh && { sshIds: steps.ssh.map((spec) => parseSsh(spec, '/').id) }),
  }));
}

function supportedInputs(builder: ProviderBuilder, declared: BuildArgs): BuildArgs {
  const handling = PROVIDER_BUILDERS[builder];
  return Object.fromEntries(
    Object.entries(declared).filter(([name]) => handling[name as keyof BuildArgs] === true),
  );
}

interface ArgumentSummary {
  readonly args?: Record<string, string>;
  readonly secretArgs?: string[];
}

/** Lists secret arguments by name only. A map that is an output is secret as a whole, or not at all. */
function summarizeArguments(args: NonNullable<BuildArgs['args']>): pulumi.Output<ArgumentSummary> {
  if (pulumi.Output.isInstance(args) || args instanceof Promise) {
    const output = pulumi.output(args);
    const names = pulumi.unsecret(output.apply(sortedNames));
    return pulumi
      .output(pulumi.isSecret(output))
      .apply((secret): pulumi.Output<ArgumentSummary> =>
        secret
          ? names.apply((secretArgs) => ({ secretArgs }))
          : output.apply((values) => ({ args: values })),
      );
  }
  const members = Object.entries(args).map(([name, value]) => {
    const output = pulumi.output(value);
    return pulumi.isSecret(output).then((secret) => ({ name, output, secret }));
  });
  return pulumi.output(Promise.all(members).then(separateSecrets)).apply((shown) => shown);
}

interface Member {
  readonly name: string;
  readonly output: pulumi.Output<string>;
  readonly secret: boolean;
}

function separateSecrets(members: readonly Member[]): {
  args: Record<string, pulumi.Output<string>>;
  secretArgs: string[];
} {
  const publicMembers = members.filter(({ secret }) => !secret);
  return {
    args: Object.fromEntries(publicMembers.map(({ name, output }) => [name, output])),
    secretArgs: members.flatMap(({ name, secret }) => (secret ? [name] : [])).sort(),
  };
}

function sortedNames(record: Record<string, string> | undefined): string[] {
  return Object.keys(record ?? {}).sort();
}
