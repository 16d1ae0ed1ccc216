import { SignedImageError } from '../error';
import type { Digest } from '../oci/digest';
import type { Candidate, Findings } from '../storage/candidate';
import type { SignerDescription } from '../key/signer';
import { leafCertificate, type Purpose } from '../storage/signature';
import { type Claim, type SignatureClaim, readClaim } from './claim';
import { type Failure, failure } from './failure';
import type { VerificationPolicy } from './policy';
import { checkGithubProvenance } from './github-provenance';
import { checkProvenance } from './provenance-check';
import type { SignatureTrust } from './signature-trust';

type Annotations = Readonly<Record<string, string>>;

/** A candidate that meets the policy. */
export interface VerifiedSignature {
  readonly candidate: Candidate;
  readonly claim: Claim;
  readonly signer: SignerDescription;
  /** The signed pairs; empty for statements. */
  readonly annotations: Annotations;
}

/** The requirements for a signature or provenance, apart from its signer, log entries and timestamps. */
export type ContentPolicy = Pick<
  VerificationPolicy,
  'annotations' | 'provenance' | 'predicateType'
>;

/** The requirements for everything that is stored for one manifest. */
export interface VerifyRequest {
  readonly digest: Digest;
  readonly purpose: Purpose;
  readonly trust: SignatureTrust;
  readonly content: ContentPolicy;
}

/** `undefined`: not of the requested purpose. */
type Checked = { readonly verified: VerifiedSignature } | { readonly failure: Failure } | undefined;
type Content = { readonly annotations: Annotations } | { readonly failure: Failure };

function stringPairs(pairs: Readonly<Record<string, unknown>>): Annotations {
  const entries = Object.entries(pairs).filter(
    (pair): pair is [string, string] => typeof pair[1] === 'string',
  );
  return Object.fromEntries(entries);
}

/** Returns the signed pairs of the first matching subject that has all required pairs. */
function checkAnnotations(claim: SignatureClaim, required: Annotations): Content {
  const missingFrom = (subject: Annotations): string | undefined =>
    Object.keys(required).find((name) => !hasPair(subject, name, required[name]));
  const subjects = claim.matchingSubjects.map(stringPairs);
  const complete = subjects.find((subject) => missingFrom(subject) === undefined);
  if (complete) return { annotations: complete };
  const [subject = {}] = subjects;
  const name = missingFrom(subject) ?? '';
  const found = Object.hasOwn(subject, name) ? `is ${JSON.stringify(subject[name])}` : 'is missing';
  const reason = `the signed annotation ${JSON.stringify(name)} ${found}, but ${JSON.stringify(required[name])} is required`;
  return { failure: failure('VERIFY_ANNOTATION_MISMATCH', reason) };
}

function hasPair(subject: Annotations, name: string, value: string | undefined): boolean {
  return Object.hasOwn(subject, name) && subject[name] === value;
}

function checkContent(
  claim: Claim,
  { purpose, content: { annotations, provenance } }: VerifyRequest,
  candidate: Candidate,
): Content {
  if (claim.purpose === 'signature') return checkAnnotations(claim, annotations);
  const fault =
    // As `cosign verify-attestation`: the predicate of an attestation is not compared with what is expected.
    (purpose === 'attestation' ? undefined : checkProvenance(claim.predicate, provenance ?? {})) ??
    (claim.purpose === 'provenance'
      ? checkGithubProvenance(claim.predicate, leafCertificate(candidate.bundle))
      : undefined);
  return fault ? { failure: fault } : { annotations: {} };
}

function matchesManifest(claim: Claim): boolean {
  return claim.purpose === 'signature' ? claim.matchingSubjects.length > 0 : claim.matches;
}

/** Whether a claim is what is requested: an attestation may be provenance if that is the required type. */
function isRequested(claim: Claim, { purpose, content }: VerifyRequest): boolean {
  if (purpose !== 'attestation') return claim.purpose === purpose;
  return claim.purpose !== 'signature' && claim.predicateType === content.predicateType;
}

function readClaimOrFailure(candidate: Candidate, digest: Digest): Claim | Failure {
  try {
    return readClaim(candidate, digest);
  } catch (error) {
    if (!(error instanceof SignedImageError)) throw error;
    return failure('VERIFY_SIGNATURE_INVALID', error.message);
  }
}

/** Checks the signer first: the content of other signers' signatures is not examined. */
function check(candidate: Candidate, request: VerifyRequest): Checked {
  const claim = readClaimOrFailure(candidate, request.digest);
  if ('reason' in claim) return { failure: claim };
  if (!isRequested(claim, request)) return undefined;
  const verdict = request.trust.check(candidate);
  if ('failure' in verdict) return verdict;
  if (!matchesManifest(claim)) {
    return { failure: failure('VERIFY_SIGNATURE_INVALID', 'it is a signature of another image') };
  }
  const content = checkContent(claim, request, candidate);
  if ('failure' in content) return content;
  return {
    verified: { candidate, claim, signer: verdict.signer, annotations: content.annotations },
  };
}

/** Whether an unusable object may be what is requested; the type of an attestation is known only from its content. */
function mayBeRequested(purpose: Purpose | undefined, requested: Purpose): boolean {
  if (purpose === undefined || purpose === requested) return true;
  return requested === 'attestation' && purpose === 'provenance';
}

/** The results of checking everything that is stored for one manifest. */
export interface CheckedFindings {
  readonly verified: readonly VerifiedSignature[];
  /** Why candidates were rejected. */
  readonly failures: readonly Failure[];
  /** Why stored objects could not be read. */
  readonly unread: readonly string[];
}

/**
 * Checks all candidates. One verified signature is enough, whatever else is stored.
 *
 * @param isSufficient stop after the first verified signature for which this returns true; default: the first
 */
export function checkFindings(
  findings: Findings,
  request: VerifyRequest,
  isSufficient: (signature: VerifiedSignature) => boolean = () => true,
): CheckedFindings {
  const verified: VerifiedSignature[] = [];
  const failures = findings.unusable
    .filter(({ purpose }) => mayBeRequested(purpose, request.purpose))
    .map(({ reason }) => failure('VERIFY_SIGNATURE_INVALID', reason));
  const unread = findings.unread.map(({ reason }) => reason);
  for (const candidate of findings.candidates) {
    const checked = check(candidate, request);
    if (checked === undefined) continue;
    if ('failure' in checked) {
      failures.push(checked.failure);
    } else if (isSufficient(checked.verified)) {
      verified.push(checked.verified);
      break;
    }
  }
  return { verified, failures, unread };
}
