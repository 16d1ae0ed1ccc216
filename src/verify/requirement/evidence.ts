import { PROVENANCE_PREDICATE_TYPE } from '../../attest/statement';
import { SignedImageError } from '../../error';
import type { Digest } from '../../oci/digest';
import type { SignerDescription } from '../../key/signer';
import { leafCertificate, type StoredFormat } from '../../storage/signature';
import type { Candidate } from '../../storage/candidate';
import { type Failure, failure } from '../failure';
import { checkGithubProvenance } from '../github-provenance';
import type { SignatureTrust, Trusted } from '../signature-trust';
import { predicateTime } from './predicate-time';
import type { Requirement } from './requirement';
import { readSignedContent, type SignedContent } from './signed-content';

/** A verified signature or attestation that counts for a requirement. */
export interface Evidence {
  /** The manifest that it is about. */
  readonly subject: Digest;
  readonly signer: SignerDescription;
  readonly format: StoredFormat;
  /** Digest of the referrer manifest (`bundle`), or of the layer (`legacy`). */
  readonly stored: Digest;
  /** The earliest time that a log entry or a timestamp proves; absent without them. */
  readonly signedAt?: Date;
  readonly annotations: Readonly<Record<string, string>>;
  readonly predicate: unknown;
}

export type Examined = { readonly evidence: Evidence } | { readonly failure: Failure };

/** How far the clock of whoever made a predicate may be ahead. */
const CLOCK_SKEW_MS = 5 * 60 * 1000;

/** Content of the required type with a trusted signer. */
export interface TrustedContent {
  readonly content: SignedContent;
  readonly trusted: Trusted;
}

/** Verifies the signature and the signer of a candidate that is stored for the manifest, if it is of this type. */
export function trustedContent(
  candidate: Candidate,
  subject: Digest,
  predicateType: string | undefined,
  trust: SignatureTrust,
): TrustedContent | { readonly failure: Failure } | undefined {
  let content: SignedContent;
  try {
    content = readSignedContent(candidate, subject);
  } catch (error) {
    if (!(error instanceof SignedImageError)) throw error;
    return { failure: failure('VERIFY_SIGNATURE_INVALID', error.message) };
  }
  if (content.predicateType !== predicateType) return undefined;
  const trusted = trust.check(candidate);
  return 'failure' in trusted ? trusted : { content, trusted };
}

/** Compares what a trusted signer signed with the requirement. */
export function examine(
  { content, trusted: { signer, times } }: TrustedContent,
  { bundle, format, stored }: Candidate,
  subject: Digest,
  requirement: Requirement,
  now: Date,
): Examined {
  const [first] = content.subjects;
  if (first === undefined) {
    const reason = 'it is about another image';
    return { failure: failure('VERIFY_SIGNATURE_INVALID', reason) };
  }
  const annotated = content.subjects.find((pairs) => lacking(pairs, requirement) === undefined);
  if (!annotated) {
    const name = JSON.stringify(lacking(first, requirement));
    const reason = `the signed annotation ${name} is missing or has another value than required`;
    return { failure: failure('VERIFY_ANNOTATION_MISMATCH', reason) };
  }
  // What the certificate contradicts is not believed, whatever the condition says.
  const contradicted =
    content.predicateType === PROVENANCE_PREDICATE_TYPE
      ? checkGithubProvenance(content.predicate, leafCertificate(bundle))
      : undefined;
  if (contradicted) return { failure: contradicted };
  const fault =
    ageFault(content, requirement, times, now) ??
    requirement.condition?.fault({
      statement: content.statement,
      predicate: content.predicate,
      annotations: annotated,
      signer,
      now,
    });
  if (fault !== undefined) return { failure: failure('VERIFY_CONDITION_UNMET', fault) };
  const signedAt = earliest(times);
  return {
    evidence: {
      subject,
      signer,
      format,
      stored,
      ...(signedAt && { signedAt }),
      annotations: stringPairs(annotated),
      predicate: content.predicate,
    },
  };
}

type Pairs = Readonly<Record<string, unknown>>;

function lacking(pairs: Pairs, { annotations }: Requirement): string | undefined {
  return Object.keys(annotations).find(
    (name) => !Object.hasOwn(pairs, name) || pairs[name] !== annotations[name],
  );
}

function stringPairs(pairs: Pairs): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(pairs).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
  );
}

function earliest(times: readonly Date[]): Date | undefined {
  return times.reduce<Date | undefined>(
    (first, time) => (first && first <= time ? first : time),
    undefined,
  );
}

/** An old scan that was signed today is old: the earlier of both times counts. */
function ageFault(
  { predicateType, predicate }: SignedContent,
  { maxAge }: Requirement,
  proven: readonly Date[],
  now: Date,
): string | undefined {
  if (maxAge === undefined) return undefined;
  const stated = predicateType === undefined ? undefined : predicateTime(predicateType, predicate);
  const time = earliest([...proven, ...(stated ? [stated] : [])]);
  if (!time) {
    return 'its age is unknown: no log entry and no timestamp proves when it was signed, and its predicate states no time';
  }
  if (time.getTime() > now.getTime() + CLOCK_SKEW_MS) {
    return `its time ${time.toISOString()} is in the future`;
  }
  return now.getTime() - time.getTime() > maxAge * 1000
    ? `it is of ${time.toISOString()}, which is longer ago than the maximum of ${formatAge(maxAge)}`
    : undefined;
}

const UNITS = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
] as const;

/** In the form of the input `maxAge`: `1d12h`. */
function formatAge(seconds: number): string {
  let rest = seconds;
  return UNITS.map(([unit, size]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count === 0 ? '' : `${count}${unit}`;
  }).join('');
}
