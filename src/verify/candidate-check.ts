import { SignedImageError } from '../error';
import type { Digest } from '../oci/digest';
import type { Candidate, Findings } from '../storage/candidate';
import type { SignerDescription } from '../key/signer';
import type { Purpose } from '../storage/signature';
import { type Claim, type SignatureClaim, readClaim } from './claim';
import { type Failure, failure } from './failure';
import type { VerificationPolicy } from './policy';
import { checkProvenance } from './provenance-check';
import type { SignatureTrust } from './signature-trust';

type Annotations = Readonly<Record<string, string>>;

/** A candidate that meets the policy. */
export interface VerifiedSignature {
  readonly candidate: Candidate;
  readonly claim: Claim;
  readonly signer: SignerDescription;
  /** The signed pairs; empty for provenance. */
  readonly annotations: Annotations;
}

/** What must be true of a signature or provenance beside its signer and its witnesses. */
export type ContentPolicy = Pick<VerificationPolicy, 'annotations' | 'provenance'>;

/** What is asked of everything that is stored beside one manifest. */
export interface VerifyRequest {
  readonly digest: Digest;
  readonly purpose: Purpose;
  readonly trust: SignatureTrust;
  readonly content: ContentPolicy;
}

/** `undefined`: nothing that was asked for. */
type Checked = { readonly good: VerifiedSignature } | { readonly failure: Failure } | undefined;
type Content = { readonly annotations: Annotations } | { readonly failure: Failure };

function strings(pairs: Readonly<Record<string, unknown>>): Annotations {
  const entries = Object.entries(pairs).filter(
    (pair): pair is [string, string] => typeof pair[1] === 'string',
  );
  return Object.fromEntries(entries);
}

/** The signed pairs of the first mention that has all that are asked for. */
function checkAnnotations(claim: SignatureClaim, wanted: Annotations): Content {
  const lacks = (mention: Annotations): string | undefined =>
    Object.keys(wanted).find((name) => !holds(mention, name, wanted[name]));
  const mentions = claim.matchingSubjects.map(strings);
  const complete = mentions.find((mention) => lacks(mention) === undefined);
  if (complete) return { annotations: complete };
  const [mention = {}] = mentions;
  const name = lacks(mention) ?? '';
  const found = Object.hasOwn(mention, name) ? `is ${JSON.stringify(mention[name])}` : 'is missing';
  const reason = `the signed annotation ${JSON.stringify(name)} ${found}, and ${JSON.stringify(wanted[name])} is asked for`;
  return { failure: failure('VERIFY_ANNOTATION_MISMATCH', reason) };
}

function holds(mention: Annotations, name: string, value: string | undefined): boolean {
  return Object.hasOwn(mention, name) && mention[name] === value;
}

function checkContent(claim: Claim, { annotations, provenance }: ContentPolicy): Content {
  if (claim.purpose === 'signature') return checkAnnotations(claim, annotations);
  const wrong = checkProvenance(claim.predicate, provenance ?? {});
  return wrong ? { failure: wrong } : { annotations: {} };
}

function isAbout(claim: Claim): boolean {
  return claim.purpose === 'signature' ? claim.matchingSubjects.length > 0 : claim.matches;
}

function readable(candidate: Candidate, digest: Digest): Claim | Failure | undefined {
  try {
    return readClaim(candidate, digest);
  } catch (error) {
    if (!(error instanceof SignedImageError)) throw error;
    return failure('VERIFY_SIGNATURE_INVALID', error.message);
  }
}

/** Signer first: whatever a stranger wrote is a stranger's, and its content is not looked at. */
function check(candidate: Candidate, question: VerifyRequest): Checked {
  const claim = readable(candidate, question.digest);
  if (claim === undefined) return undefined;
  if ('reason' in claim) return { failure: claim };
  if (claim.purpose !== question.purpose) return undefined;
  const verdict = question.trust.check(candidate);
  if ('failure' in verdict) return verdict;
  if (!isAbout(claim)) {
    return { failure: failure('VERIFY_SIGNATURE_INVALID', 'it is the signature of another image') };
  }
  const content = checkContent(claim, question.content);
  if ('failure' in content) return content;
  return { good: { candidate, claim, signer: verdict.signer, annotations: content.annotations } };
}

/** All answers to a question. */
export interface Answers {
  readonly good: readonly VerifiedSignature[];
  /** Of what was looked at and does not count. */
  readonly failures: readonly Failure[];
  /** Why something that is there could not be looked at. */
  readonly unread: readonly string[];
}

/**
 * Checks all that was found. One that is good is enough, whatever stands beside it.
 *
 * @param enough stop after the first good one of which this is true; default: the first
 */
export function answer(
  findings: Findings,
  question: VerifyRequest,
  enough: (good: VerifiedSignature) => boolean = () => true,
): Answers {
  const good: VerifiedSignature[] = [];
  const failures = findings.unusable
    .filter(({ purpose }) => purpose === undefined || purpose === question.purpose)
    .map(({ reason }) => failure('VERIFY_SIGNATURE_INVALID', reason));
  const unread = findings.unread.map(({ reason }) => reason);
  for (const candidate of findings.candidates) {
    const checked = check(candidate, question);
    if (checked === undefined) continue;
    if ('failure' in checked) {
      failures.push(checked.failure);
    } else if (enough(checked.good)) {
      good.push(checked.good);
      break;
    }
  }
  return { good, failures, unread };
}
