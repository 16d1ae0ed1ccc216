import type { BuildRequest } from './builder';
import { cacheRepositories } from './flags';

/**
 * The builders as they differ in what they support. buildx depends on its driver, and the driver `docker` on
 * the image store of the daemon.
 */
export const BUILDER_VARIANTS = {
  'buildx-docker': 'buildx with the driver docker',
  'buildx-containerd': 'buildx with the driver docker and the containerd image store',
  'buildx-remote': 'buildx with another driver (docker-container, kubernetes, remote)',
  docker: 'docker',
  podman: 'podman',
  buildah: 'buildah',
} as const;
export type BuilderVariant = keyof typeof BUILDER_VARIANTS;

/** `daemon`: not passed to the builder; its daemon must be configured. */
export type Support = 'yes' | 'no' | 'daemon';

/** What a request may require of a builder. */
export interface Capability {
  /** Path of the input. */
  readonly input: string;
  /** What is required, for the table and for messages. */
  readonly what: string;
  isRequired(request: CapabilityRequest): boolean;
  readonly support: Readonly<Record<BuilderVariant, Support>>;
}

/** The part of a request that decides which builders support it. */
export type CapabilityRequest = Pick<
  BuildRequest,
  | 'platforms'
  | 'secrets'
  | 'cacheFrom'
  | 'cacheTo'
  | 'contexts'
  | 'noCache'
  | 'network'
  | 'ssh'
  | 'sbom'
  | 'buildxBuilder'
  | 'registry'
> & {
  /** A path in a context that is not UTF-8. Default: not known, or none. */
  readonly rawName?: string | undefined;
};

const supportOf = (
  buildxDocker: Support,
  buildxContainerd: Support,
  buildxRemote: Support,
  docker: Support,
  podman: Support,
  buildah: Support,
): Capability['support'] => ({
  'buildx-docker': buildxDocker,
  'buildx-containerd': buildxContainerd,
  'buildx-remote': buildxRemote,
  docker,
  podman,
  buildah,
});

const isRepository = (entry: string): boolean => cacheRepositories([entry]) !== undefined;
const typeOf = (entry: string): string | undefined => /(?:^|,)\s*type=([a-z0-9]+)/.exec(entry)?.[1];
const isInline = (entry: string): boolean => typeOf(entry) === 'inline';

/** Everything in which the builders differ. What all of them support is not listed. */
export const CAPABILITIES: readonly Capability[] = [
  {
    input: 'build.platforms',
    what: 'several platforms',
    isRequired: ({ platforms }) => platforms.length > 1,
    support: supportOf('no', 'yes', 'yes', 'no', 'yes', 'yes'),
  },
  {
    input: 'build.secrets',
    what: 'build secrets',
    isRequired: ({ secrets }) => Object.keys(secrets).length > 0,
    support: supportOf('yes', 'yes', 'yes', 'no', 'yes', 'yes'),
  },
  {
    input: 'build.cacheFrom',
    what: 'a cache source that is not a repository (`type=gha`, `local`, `s3`, ...)',
    isRequired: ({ cacheFrom }) => !cacheFrom.every(isRepository),
    support: supportOf('yes', 'yes', 'yes', 'no', 'no', 'no'),
  },
  {
    input: 'build.cacheTo',
    what: 'a cache in the image itself (`type=inline`)',
    isRequired: ({ cacheTo }) => cacheTo.some(isInline),
    support: supportOf('yes', 'yes', 'yes', 'no', 'no', 'no'),
  },
  {
    input: 'build.cacheTo',
    what: 'a repository as cache destination (`type=registry`)',
    isRequired: ({ cacheTo }) => cacheTo.some(isRepository),
    support: supportOf('no', 'yes', 'yes', 'no', 'yes', 'yes'),
  },
  {
    input: 'build.cacheTo',
    what: 'another cache destination (`type=gha`, `local`, `s3`, ...)',
    isRequired: ({ cacheTo }) => cacheTo.some((entry) => !isRepository(entry) && !isInline(entry)),
    support: supportOf('no', 'yes', 'yes', 'no', 'no', 'no'),
  },
  {
    input: 'build.context',
    // Its gRPC rejects them: "string field contains invalid UTF-8".
    what: 'file names that are not UTF-8',
    isRequired: ({ rawName }) => rawName !== undefined,
    support: supportOf('yes', 'no', 'yes', 'yes', 'yes', 'yes'),
  },
  {
    input: 'build.contexts',
    what: 'named contexts',
    isRequired: ({ contexts = {} }) => Object.keys(contexts).length > 0,
    support: supportOf('yes', 'yes', 'yes', 'no', 'yes', 'yes'),
  },
  {
    input: 'build.noCache',
    what: 'a build without cache that exports one (`noCache` with `cacheTo`)',
    isRequired: ({ noCache, cacheTo }) => noCache === true && cacheTo.length > 0,
    support: supportOf('yes', 'yes', 'yes', 'no', 'no', 'no'),
  },
  {
    input: 'build.network',
    // Buildah's chroot isolation, the default here, always uses the network of the host.
    what: 'steps without a network (`network: none`)',
    isRequired: ({ network }) => network === 'none',
    support: supportOf('yes', 'yes', 'yes', 'yes', 'yes', 'no'),
  },
  {
    input: 'build.network',
    what: 'steps with the network of the host (`network: host`)',
    isRequired: ({ network }) => network === 'host',
    // The entitlement network.host.
    support: supportOf('yes', 'yes', 'daemon', 'yes', 'yes', 'yes'),
  },
  {
    input: 'build.ssh',
    what: 'SSH agents and keys (`RUN --mount=type=ssh`)',
    isRequired: ({ ssh = [] }) => ssh.length > 0,
    support: supportOf('yes', 'yes', 'yes', 'no', 'yes', 'yes'),
  },
  {
    input: 'build.sbom',
    what: 'SBOM attestations',
    isRequired: ({ sbom }) => sbom === true,
    support: supportOf('no', 'yes', 'yes', 'no', 'no', 'no'),
  },
  {
    input: 'build.buildxBuilder',
    what: 'a named builder',
    isRequired: ({ buildxBuilder }) => buildxBuilder !== undefined,
    support: supportOf('yes', 'yes', 'yes', 'no', 'no', 'no'),
  },
  {
    input: 'registry.caFile',
    what: 'a certificate authority of the registry',
    isRequired: ({ registry }) => registry.caFile !== undefined,
    support: supportOf('daemon', 'daemon', 'daemon', 'daemon', 'yes', 'yes'),
  },
  {
    input: 'registry.clientCertificate',
    what: 'a client certificate for the registry',
    isRequired: ({ registry }) => registry.clientCertificate !== undefined,
    support: supportOf('daemon', 'daemon', 'daemon', 'daemon', 'yes', 'yes'),
  },
  {
    input: 'registry.insecure',
    what: 'a push without verified TLS',
    isRequired: ({ registry }) => registry.insecure,
    support: supportOf('daemon', 'yes', 'yes', 'daemon', 'yes', 'yes'),
  },
];

/** Returns the first input that a builder does not support, as a sentence for messages; `undefined`: it supports all. */
export function unsupportedInput(
  variant: BuilderVariant,
  request: CapabilityRequest,
): string | undefined {
  const [missing] = missingCapabilities([variant], request);
  return missing && `\`${missing.input}\`: ${describeMissing(missing, BUILDER_VARIANTS[variant])}`;
}

/** Returns the capabilities that a request requires and none of these builders has. */
export function missingCapabilities(
  variants: readonly BuilderVariant[],
  request: CapabilityRequest,
): readonly Capability[] {
  return CAPABILITIES.filter(
    (each) =>
      each.isRequired(request) && variants.every((variant) => each.support[variant] === 'no'),
  );
}

/** Formats a sentence with the builders that have the capability. */
export function describeMissing({ what, support }: Capability, builder: string): string {
  const others = (Object.keys(BUILDER_VARIANTS) as BuilderVariant[]).filter(
    (variant) => support[variant] !== 'no',
  );
  return `${builder} does not support ${what}; supported by ${namesOf(others)}`;
}

const BUILDX: readonly BuilderVariant[] = ['buildx-docker', 'buildx-containerd', 'buildx-remote'];

/** The variants of a declared builder. */
export function variantsOf(builder: string): readonly BuilderVariant[] {
  if (builder === 'buildx') return BUILDX;
  return Object.hasOwn(BUILDER_VARIANTS, builder) ? [builder as BuilderVariant] : [];
}

function namesOf(variants: readonly BuilderVariant[]): string {
  const all = BUILDX.every((variant) => variants.includes(variant));
  const shown = all
    ? ['buildx', ...variants.filter((variant) => !BUILDX.includes(variant))]
    : variants.map((variant) => BUILDER_VARIANTS[variant]);
  return shown.join(', ');
}
