import { createHash } from 'node:crypto';

import { messageOf } from '../error';
import { type Digest, digestOf } from '../oci/digest';

/** All that makes a build run again, and nothing else. */
export interface BuildInputs {
  /** Of the context, from `contextHash`. */
  readonly context: Digest;
  readonly dockerfile: Digest;
  readonly args: Readonly<Record<string, string>>;
  readonly target?: string | undefined;
  readonly platforms: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** What each base image's reference stands for now, from `resolveBases`. */
  readonly bases: Readonly<Record<string, string>>;
}

export interface BuildFingerprint {
  /** Of all parts. */
  readonly value: Digest;
  /**
   * Each part by name (`context`, `argument NAME`, `base IMAGE`...). The values of arguments are
   * hashed: a short one can still be guessed from its hash, so a secret belongs into `secrets`.
   */
  readonly parts: Readonly<Record<string, string>>;
}

/** Stands for a base that could not be looked up when the image was built. */
export const UNKNOWN_BASE = 'unknown';

/** Secrets are no part of it: they are not in the image, and a hash of one would be in the state. */
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
  show: (value: string) => string,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`${kind} ${name}`, show(value)]),
  );
}

function hashText(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

/**
 * Why a build must run again, in words: `context changed`, `argument VERSION added`. Empty: it need
 * not. A base of which nothing was known before is no reason: nobody can say that it changed.
 */
export function changesBetween(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): readonly string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.flatMap((name) => {
    const [old, now] = [before[name], after[name]];
    if (old === now) return [];
    if (old === undefined) return [`${name} added`];
    if (now === undefined) return [`${name} removed`];
    const unknown = name.startsWith('base ') && (old === UNKNOWN_BASE || now === UNKNOWN_BASE);
    return unknown ? [] : [`${name} changed`];
  });
}

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
    return { digest: known, warning: warn(image, 'its registry has no such image') };
  } catch (error) {
    return { digest: known, warning: warn(image, messageOf(error)) };
  }
}

function warn(image: string, why: string): string {
  return `whether the base image ${image} changed is unknown: ${why}`;
}
