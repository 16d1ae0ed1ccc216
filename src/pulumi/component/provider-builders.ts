import type { BuildArgs } from './args';

/** The builders that are resources of another provider. */
export type ProviderBuilder = 'pulumi-docker' | 'pulumi-docker-build';

/** `true`: it is handed to the provider. A text: why it is refused. */
type Handling = true | string;

const OWN_PROCESS =
  'builds in the process of its provider, which has the environment of Pulumi; set the variable there';

/** Every input of `build`, as each of the two takes it: nothing is dropped without an error. */
export const PROVIDER_BUILDERS: Readonly<
  Record<ProviderBuilder, Readonly<Record<keyof BuildArgs, Handling>>>
> = {
  'pulumi-docker': {
    context: true,
    dockerfile: true,
    target: true,
    args: true,
    secrets: 'has no build secrets; use `pulumi-docker-build` or a command-line builder',
    platforms: true,
    labels: 'has no labels; use `LABEL` in the Dockerfile, or `pulumi-docker-build`',
    cacheFrom: true,
    cacheTo: 'exports no cache; use `pulumi-docker-build` or `buildx`',
    builder: true,
    buildxBuilder: 'has no named builders; use `pulumi-docker-build` or `buildx`',
    environment: OWN_PROCESS,
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
    builder: true,
    buildxBuilder: true,
    environment: OWN_PROCESS,
  },
};

export function isProviderBuilder(builder: unknown): builder is ProviderBuilder {
  return typeof builder === 'string' && Object.hasOwn(PROVIDER_BUILDERS, builder);
}

/** The declared inputs of `build` that its provider does not take, each with the reason. */
export function refusedByProvider(
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
