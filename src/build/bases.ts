import { messageOf } from '../error';
import { UNKNOWN_BASE } from './fingerprint';

export interface ResolvedBases {
  /** By reference: digest, or `unknown`. For `buildFingerprint`. */
  readonly bases: Readonly<Record<string, string>>;
  /** One for each base that could not be looked up. */
  readonly warnings: readonly string[];
}

export interface ResolveBasesOptions {
  /** From `baseImages`. */
  readonly images: readonly string[];
  /** Asks a registry for the digest; `undefined`: it has no such image. */
  readonly resolve: (image: string) => Promise<string | undefined>;
  /** The parts of the fingerprint of the last build. */
  readonly previous?: Readonly<Record<string, string>>;
}

/**
 * What the base images stand for now. A registry that cannot be asked does not stop anything and
 * makes nothing run again: the value of the last build is kept.
 */
export async function resolveBases(options: ResolveBasesOptions): Promise<ResolvedBases> {
  const found = await Promise.all(
    options.images.map(async (image) => ({ image, ...(await lookUp(image, options)) })),
  );
  return {
    bases: Object.fromEntries(found.map(({ image, digest }) => [image, digest])),
    warnings: found.flatMap(({ warning }) => warning ?? []),
  };
}

async function lookUp(
  image: string,
  { resolve, previous = {} }: ResolveBasesOptions,
): Promise<{ readonly digest: string; readonly warning?: string }> {
  const pinned = /@(sha256:[0-9a-f]{64})$/.exec(image)?.[1];
  if (pinned !== undefined) return { digest: pinned };
  const known = previous[`base ${image}`] ?? UNKNOWN_BASE;
  try {
    const digest = await resolve(image);
    if (digest !== undefined) return { digest };
    return { digest: known, warning: warn(image, 'its registry has no such image') };
  } catch (error) {
    return { digest: known, warning: warn(image, messageOf(error)) };
  }
}

function warn(image: string, why: string): string {
  return `whether the base image ${image} changed is unknown: ${why}`;
}
