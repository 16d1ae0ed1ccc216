import { formatRepository, parseReference, pinned, type Reference } from '../../oci';
import type { Exemption } from './exemption';

/** Why an image may not run; the words of the error. */
export interface Refusal {
  readonly allowed: false;
  readonly why: string;
}

export type Verdict = Refusal | { readonly allowed: true; readonly exemptBy?: Exemption };

export interface KnownImages {
  /** `host/repo@sha256:...` of what this program verified. */
  readonly verified: ReadonlySet<string>;
  /** The same of what somebody else verified, and the program was told of. */
  readonly allowed: ReadonlySet<string>;
}

const refused = (why: string): Refusal => ({ allowed: false, why });

function parsed(image: string): Reference | undefined {
  try {
    return parseReference(image);
  } catch {
    return undefined;
  }
}

/** The same image by one name, whatever way it is written. `undefined` without a digest. */
export function pinnedName(image: string): string | undefined {
  const reference = parsed(image);
  if (reference?.digest === undefined) return undefined;
  return pinned(reference.repository, reference.digest);
}

const USE = 'use `imageRef` of the SignedImage or VerifiedImage';

/** The verified digest under another name: nobody looked whether that registry has the same bytes. */
function elsewhere(
  { digest, repository }: Reference,
  known: readonly string[],
): string | undefined {
  const other = known.find((reference) => reference.endsWith(`@${digest ?? ''}`));
  return other === undefined
    ? undefined
    : `its digest was verified as ${other}, and not in ${formatRepository(repository)}; ${USE}, or verify it there`;
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
  if (image.trim() === '') return refused(`is empty; ${USE}`);
  const reference = parsed(image);
  if (reference === undefined) return refused(`is no image reference; ${USE}`);
  if (reference.digest === undefined) {
    return refused(`is a tag, which can be moved to another image; ${USE}`);
  }
  return refused(
    elsewhere(reference, names) ??
      `has a digest that this program did not verify; declare a VerifiedImage for it, and ${USE}`,
  );
}
