import { type ErrorCode, SignedImageError } from '../error';
import type { Findings } from '../storage/candidate';
import { logEntriesOf, type Purpose, type StoredFormat } from '../storage/signature';
import { type VerifiedSignature, type VerifyRequest, checkFindings } from './candidate-check';
import { describeFailures, sortFailures } from './failure';
import type { PartReport, PartStatus } from './report';

/** A part of the report, with the verified signature, if any. */
export interface Part {
  readonly report: PartReport;
  readonly verified?: VerifiedSignature;
}

/** The result of reading: everything that is stored, or why it could not be read. */
export type ReadResult = { readonly findings: Findings } | { readonly error: SignedImageError };

/**
 * Reads, and returns an error of the registry for the report.
 */
export async function readResult(read: () => Promise<Findings>): Promise<ReadResult> {
  try {
    return { findings: await read() };
  } catch (error) {
    if (error instanceof SignedImageError) return { error };
    throw error;
  }
}

interface Gap {
  readonly status: Exclude<PartStatus, 'present'>;
  readonly code: ErrorCode;
  readonly reason: string;
}

const MISSING: Readonly<Record<Purpose, Gap>> = {
  signature: { status: 'missing', code: 'VERIFY_UNSIGNED', reason: 'no signature was found' },
  provenance: {
    status: 'missing',
    code: 'VERIFY_PROVENANCE_MISSING',
    reason: 'no provenance was found',
  },
  attestation: {
    status: 'missing',
    code: 'VERIFY_UNSIGNED',
    reason: 'no attestation of the required predicate type was found',
  },
};

/** Creates a part that is not present, for a reason that is known before anything is read. */
export function gapPart(purpose: Purpose, format: StoredFormat, gap: Omit<Gap, 'code'>): Part {
  const code =
    gap.status === 'unavailable'
      ? 'VERIFY_INCONCLUSIVE'
      : gap.status === 'invalid'
        ? 'VERIFY_SIGNATURE_INVALID'
        : MISSING[purpose].code;
  return { report: { purpose, format, ...gap, code } };
}

function unavailable(reason: string): Gap {
  return { status: 'unavailable', code: 'VERIFY_INCONCLUSIVE', reason };
}

const BAD_CONTENT: readonly ErrorCode[] = ['CONTENT_MISMATCH', 'CONTENT_MALFORMED'];

/** Whether an object was read, but is not what it should be. */
export function isBadContent({ code }: SignedImageError): boolean {
  return BAD_CONTENT.includes(code);
}

function gapOfError(error: SignedImageError): Gap {
  const { message } = error;
  return isBadContent(error)
    ? { status: 'invalid', code: 'VERIFY_SIGNATURE_INVALID', reason: message }
    : unavailable(message);
}

/** Checks the requirements for one purpose in one format. */
export function evaluatePart(read: ReadResult, format: StoredFormat, request: VerifyRequest): Part {
  const { purpose } = request;
  if ('error' in read) return { report: { purpose, format, ...gapOfError(read.error) } };
  const { verified, failures, unread } = checkFindings(read.findings, request);
  const [first] = verified;
  if (first) {
    return {
      verified: first,
      report: {
        purpose,
        format,
        status: 'present',
        signer: first.signer,
        logEntries: logEntriesOf(first.candidate.bundle),
        stored: first.candidate.stored,
      },
    };
  }
  const sorted = sortFailures(failures);
  const [mostRelevant] = sorted;
  const gap: Gap =
    unread[0] !== undefined
      ? unavailable(`${unread.length} stored objects could not be read: ${unread[0]}`)
      : mostRelevant
        ? { status: 'invalid', code: mostRelevant.code, reason: describeFailures(sorted) }
        : MISSING[purpose];
  return { report: { purpose, format, ...gap } };
}
