import { formatRepository, parseReference, pinned, type Reference } from '../../oci';
import type { Exemption } from './exemption';

/** Why an image may not run, for the error message. */
export interface Denial {
  readonly allowed: false;
  readonly reason: string;
}

export type Verdict = Denial | { readonly allowed: true; readonly exemptBy?: Exemption };

export interface KnownImages {
  /** `host/repo@sha256:...` of the images that this program verified. */
  readonly verified: ReadonlySet<string>;
  /** `host/repo@sha256:...` of the images that were verified elsewhere, from `allow`. */
  readonly allowed: ReadonlySet<string>;
}

const deny = (reason: string): Denial => ({ allowed: false, reason });

function parsed(image: string): Reference | undefined {
  try {
    return parseReference(image);
  } catch {
    return undefined;
  }
}

/** Normalizes an image reference to one form; `undefined` without a digest. */
export function pinnedName(image: string): string | undefined {
  const reference = parsed(image);
  if (reference?.digest === undefined) return undefined;
  return pinned(reference.repository, reference.digest);
}

const USE = 'use `imageRef` of the SignedImage or VerifiedImage';

/** Reports a digest that was verified under another name: this registry was not checked for the same content. */
function verifiedElsewhere(
  { digest, repository }: Reference,
  known: readonly string[],
): string | undefined {
  const other = known.find((reference) => reference.endsWith(`@${digest ?? ''}`));
  return other === undefined
    ? undefined
    : `has a digest that was verified as ${other}, not in ${formatRepository(repository)}; ${USE}, or verify it there`;
}

/** Whether an image may run. */
export function evaluateImage(
  image: string,
  known: KnownImages,
  exempt: readonly Exemption[],
): Verdict {
  const name = pinnedName(image);
  const names = [...known.verified, ...known.allowed].map((text) => pinnedName(text) ?? text);
  if (name !== undefined && names.includes(name)) return { allowed: true };
  const exemption = exempt.find(({ matchesImage }) => matchesImage(image));
  if (exemption !== undefined) return { allowed: true, exemptBy: exemption };
  if (image.trim() === '') return deny(`is empty; ${USE}`);
  const reference = parsed(image);
  if (reference === undefined) return deny(`is not a valid image reference; ${USE}`);
  if (reference.digest === undefined) {
    return deny(`is a tag, which may be moved to another image; ${USE}`);
  }
  return deny(
    verifiedElsewhere(reference, names) ??
      `has a digest that this program did not verify; declare a VerifiedImage for it, and ${USE}`,
  );
}
