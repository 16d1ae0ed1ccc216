import type { BuildArgs } from './args';

/** A builder that is a resource of another provider. */
export type ProviderBuilder = 'pulumi-docker' | 'pulumi-docker-build';

/** `true`: the input is passed to the provider. A text: why the input is rejected. */
type Handling = true | string;

const RUNS_IN_PROVIDER_PROCESS =
  'builds in the process of its provider, which inherits the environment of Pulumi; set the variable there';

const NO_SBOM = 'does not support SBOM attestations; use `buildx`';

/** How each of the two builders handles every input of `build`: no input is dropped without an error. */
export const PROVIDER_BUILDERS: Readonly<
  Record<ProviderBuilder, Readonly<Record<keyof BuildArgs, Handling>>>
> = {
  'pulumi-docker': {
    context: true,
    dockerfile: true,
    target: true,
    args: true,
    secrets: 'does not support build secrets; use `pulumi-docker-build` or a command-line builder',
    platforms: true,
    labels: 'does not support labels; use `LABEL` in the Dockerfile, or `pulumi-docker-build`',
    cacheFrom: true,
    cacheTo: 'does not export a cache; use `pulumi-docker-build` or `buildx`',
    contexts:
      'does not support named contexts; use `pulumi-docker-build` or a command-line builder',
    pull: 'does not support pull; use `pulumi-docker-build` or a command-line builder',
    noCache: 'does not support noCache; use `pulumi-docker-build` or a command-line builder',
    network: true,
    addHosts: true,
    ssh: 'does not support ssh; use `pulumi-docker-build` or a command-line builder',
    sbom: NO_SBOM,
    builder: true,
    buildxBuilder: 'does not support named builders; use `pulumi-docker-build` or `buildx`',
    environment: RUNS_IN_PROVIDER_PROCESS,
  },
  'pulumi-docker-build': {
    context: true,
    dockerfile: true,
    target: true,
    args: true,
    secrets: true,
    platforms: true,
    labels: true,
    cacheFrom: true,
    cacheTo: true,
    contexts: true,
    pull: true,
    noCache: true,
    network: true,
    addHosts: true,
    ssh: true,
    sbom: NO_SBOM,
    builder: true,
    buildxBuilder: true,
    environment: RUNS_IN_PROVIDER_PROCESS,
  },
};

export function isProviderBuilder(builder: unknown): builder is ProviderBuilder {
  return typeof builder === 'string' && Object.hasOwn(PROVIDER_BUILDERS, builder);
}

/** Lists the declared inputs of `build` that its provider does not support, each with the reason. */
export function unsupportedBuildInputs(
  build: BuildArgs,
): readonly { readonly propertyPath: string; readonly reason: string }[] {
  const { builder } = build;
  if (!isProviderBuilder(builder)) return [];
  return Object.entries(PROVIDER_BUILDERS[builder]).flatMap(([name, handling]) => {
    const isDeclared = build[name as keyof BuildArgs] !== undefined;
    if (handling === true || !isDeclared) return [];
    return [{ propertyPath: `build.${name}`, reason: `${builder} ${handling}` }];
  });
}
