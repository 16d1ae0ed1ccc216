import { type ParsedStatement, parseStatement, subjectsOf } from '../attest/parsed-statement';
import {
  PROVENANCE_PREDICATE_TYPE,
  SIGNATURE_PREDICATE_TYPE,
  STATEMENT_PAYLOAD_TYPE,
} from '../attest/statement';
import { SignedImageError } from '../error';
import type { Digest } from '../oci/digest';
import type { Candidate } from '../storage/candidate';
import { SIMPLE_SIGNING_TYPE, parseSimpleSigning } from '../storage/legacy-payload';

/** Signed pairs; values as they were signed, strings or not. */
export type SignedPairs = Readonly<Record<string, unknown>>;

/** The content of a stored signature that concerns one manifest. */
export interface SignatureClaim {
  readonly purpose: 'signature';
  /** The signed pairs of each subject with the manifest's digest; empty if there is none. */
  readonly matchingSubjects: readonly SignedPairs[];
  /** The total number of subjects. */
  readonly subjects: number;
  /** Repository name in a simple signing payload. */
  readonly reference: string | undefined;
}

/** The content of a stored statement, other than a signature, that concerns one manifest. */
export interface StatementClaim {
  /** `provenance`: of SLSA v1, `attestation`: of any other predicate type. */
  readonly purpose: 'provenance' | 'attestation';
  readonly predicateType: string;
  /** Whether the manifest is one of its subjects. */
  readonly matches: boolean;
  readonly subjects: number;
  readonly predicate: unknown;
}

export type Claim = SignatureClaim | StatementClaim;

function malformed(message: string): SignedImageError {
  return new SignedImageError({ code: 'CONTENT_MALFORMED', message });
}

function simpleSigningClaim(payload: Buffer, digest: Digest): SignatureClaim {
  const signed = parseSimpleSigning(payload);
  if (signed.type !== SIMPLE_SIGNING_TYPE) {
    throw malformed(`the payload's type is ${JSON.stringify(signed.type)}`);
  }
  return {
    purpose: 'signature',
    matchingSubjects: signed.digest === digest ? [signed.annotations] : [],
    subjects: 1,
    reference: signed.reference,
  };
}

function statementClaim(statement: ParsedStatement, digest: Digest): Claim {
  const matching = subjectsOf(statement, digest);
  const subjects = statement.subjects.length;
  const { predicateType, predicate } = statement;
  if (predicateType === SIGNATURE_PREDICATE_TYPE)
    return {
      purpose: 'signature',
      matchingSubjects: matching.map(({ annotations }) => annotations),
      subjects,
      reference: undefined,
    };
  return {
    purpose: predicateType === PROVENANCE_PREDICATE_TYPE ? 'provenance' : 'attestation',
    predicateType,
    matches: matching.length > 0,
    subjects,
    predicate,
  };
}

/**
 * Reads a candidate's claim about a manifest. The claim must not be trusted before the signature is verified.
 *
 * @throws SignedImageError `CONTENT_MALFORMED`
 */
export function readClaim({ bundle, payload }: Candidate, digest: Digest): Claim {
  if (payload) return simpleSigningClaim(payload, digest);
  if (bundle.content.$case !== 'dsseEnvelope') {
    throw malformed('it signs bytes, not a statement about an image');
  }
  const envelope = bundle.content.dsseEnvelope;
  if (envelope.payloadType !== STATEMENT_PAYLOAD_TYPE) {
    throw malformed(`its payload is of type ${JSON.stringify(envelope.payloadType)}`);
  }
  return statementClaim(parseStatement(envelope.payload), digest);
}
