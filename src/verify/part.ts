import { type ErrorCode, SignedImageError } from '../error';
import type { Findings } from '../storage/candidate';
import { logEntriesOf, type Purpose, type StoredFormat } from '../storage/signature';
import { type VerifiedSignature, type VerifyRequest, answer } from './candidate-check';
import { describeFailures, sortFailures } from './failure';
import type { PartReport, PartStatus } from './report';

/** A part of the report, and the signature behind it where there is a good one. */
export interface Part {
  readonly report: PartReport;
  readonly good?: VerifiedSignature;
}

/** What reading gave: everything that is stored, or why it could not be looked at. */
export type Reading = { readonly findings: Findings } | { readonly error: SignedImageError };

/**
 * Reads, and keeps the error of a registry for the report.
 */
export async function reading(read: () => Promise<Findings>): Promise<Reading> {
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
  signature: { status: 'missing', code: 'VERIFY_UNSIGNED', reason: 'there is no signature' },
  provenance: {
    status: 'missing',
    code: 'VERIFY_PROVENANCE_MISSING',
    reason: 'there is no provenance',
  },
};

/** A part that is not there, for a reason that was found before anything was read. */
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

function gapOfError({ code, message }: SignedImageError): Gap {
  return BAD_CONTENT.includes(code)
    ? { status: 'invalid', code: 'VERIFY_SIGNATURE_INVALID', reason: message }
    : unavailable(message);
}

/** Answers one question about one format. */
export function evaluatePart(read: Reading, format: StoredFormat, question: VerifyRequest): Part {
  const { purpose } = question;
  if ('error' in read) return { report: { purpose, format, ...gapOfError(read.error) } };
  const { good, failures, unread } = answer(read.findings, question);
  const [first] = good;
  if (first) {
    return {
      good: first,
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
  const [worst] = sorted;
  const gap: Gap =
    unread[0] !== undefined
      ? unavailable(`${unread.length} stored there could not be read: ${unread[0]}`)
      : worst
        ? { status: 'invalid', code: worst.code, reason: describeFailures(sorted) }
        : MISSING[purpose];
  return { report: { purpose, format, ...gap } };
}
