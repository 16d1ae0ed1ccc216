import { createHash } from 'node:crypto';

import { messageOf } from '../error';
import { type Digest, digestOf } from '../oci/digest';

/** The inputs whose change causes a rebuild. */
export interface BuildInputs {
  /** Content hash of the context, from `contextHash`. */
  readonly context: Digest;
  readonly dockerfile: Digest;
  readonly args: Readonly<Record<string, string>>;
  readonly target?: string | undefined;
  readonly platforms: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Named contexts: the content hash of a folder, or the reference of an image. */
  readonly contexts?: Readonly<Record<string, string>>;
  readonly network?: 'none' | 'host';
  readonly addHosts?: Readonly<Record<string, string>>;
  readonly sbom?: boolean;
  /** Digest of each base image, from `resolveBases`. */
  readonly bases: Readonly<Record<string, string>>;
}

export interface BuildFingerprint {
  /** Digest of all parts. */
  readonly value: Digest;
  /**
   * The parts by name (`context`, `argument NAME`, `base IMAGE`...). The values of arguments are
   * hashed: a short one can still be guessed from its hash, so secrets belong in `secrets`.
   */
  readonly parts: Readonly<Record<string, string>>;
}

/** The value for a base that could not be resolved when the image was built. */
export const UNKNOWN_BASE = 'unknown';

/** Computes the fingerprint of a build. Secrets are not included: they are not in the image, and their hash would be in the state. */
export function buildFingerprint(inputs: BuildInputs): BuildFingerprint {
  const { args, labels, bases } = inputs;
  const parts: Record<string, string> = {
    context: inputs.context,
    dockerfile: inputs.dockerfile,
    target: inputs.target ?? '',
    // The order of platforms is the order of the manifests in the index.
    platforms: inputs.platforms.join(','),
    ...prefixed('argument', args, hashText),
    ...prefixed('label', labels, hashText),
    // Absent if not declared: the state of an existing build does not have them.
    ...(inputs.network !== undefined && { network: inputs.network }),
    ...prefixed('context', inputs.contexts ?? {}, (content) => content),
    ...prefixed('host', inputs.addHosts ?? {}, (address) => address),
    ...(inputs.sbom && { sbom: 'true' }),
    ...prefixed('base', bases, (digest) => digest),
  };
  const sorted = Object.entries(parts).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    value: digestOf(Buffer.from(JSON.stringify(sorted), 'utf8')),
    parts: Object.fromEntries(sorted),
  };
}

function prefixed(
  kind: string,
  values: Readonly<Record<string, string>>,
  encode: (value: string) => string,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`${kind} ${name}`, encode(value)]),
  );
}

function hashText(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

/**
 * Describes why a rebuild is needed: `context changed`, `argument VERSION added`. Empty: it is not
 * needed. A base whose previous digest is unknown does not cause a rebuild.
 */
export function changesBetween(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): readonly string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.flatMap((name) => {
    const [old, current] = [before[name], after[name]];
    if (old === current) return [];
    if (old === undefined) return [`${name} added`];
    if (current === undefined) return [`${name} removed`];
    const isUnknown =
      name.startsWith('base ') && (old === UNKNOWN_BASE || current === UNKNOWN_BASE);
    return isUnknown ? [] : [`${name} changed`];
  });
}

export interface ResolvedBases {
  /** Digest or `unknown` by reference. For `buildFingerprint`. */
  readonly bases: Readonly<Record<string, string>>;
  /** One for each base that could not be resolved. */
  readonly warnings: readonly string[];
}

export interface ResolveBasesOptions {
  /** From `baseImages`. */
  readonly images: readonly string[];
  /** Resolves the digest in the registry; `undefined`: the image does not exist. */
  readonly resolve: (image: string) => Promise<string | undefined>;
  /** The parts of the previous build's fingerprint. */
  readonly previous?: Readonly<Record<string, string>>;
}

/**
 * Resolves the digests of the base images. If a registry is unavailable, the value of the previous
 * build is kept: it neither stops the deployment nor causes a rebuild.
 */
export async function resolveBases(options: ResolveBasesOptions): Promise<ResolvedBases> {
  const found = await Promise.all(
    options.images.map(async (image) => ({ image, ...(await resolveBase(image, options)) })),
  );
  return {
    bases: Object.fromEntries(found.map(({ image, digest }) => [image, digest])),
    warnings: found.flatMap(({ warning }) => warning ?? []),
  };
}

async function resolveBase(
  image: string,
  { resolve, previous = {} }: ResolveBasesOptions,
): Promise<{ readonly digest: string; readonly warning?: string }> {
  const pinned = /@(sha256:[0-9a-f]{64})$/.exec(image)?.[1];
  if (pinned !== undefined) return { digest: pinned };
  const known = previous[`base ${image}`] ?? UNKNOWN_BASE;
  try {
    const digest = await resolve(image);
    if (digest !== undefined) return { digest };
    return { digest: known, warning: warn(image, 'it does not exist in its registry') };
  } catch (error) {
    return { digest: known, warning: warn(image, messageOf(error)) };
  }
}

function warn(image: string, why: string): string {
  return `the base image ${image} could not be checked for changes: ${why}`;
}
