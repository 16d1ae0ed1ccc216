import type { ErrorCode } from '../error';

/** Why a stored signature or provenance is rejected. */
export interface Failure {
  readonly code: ErrorCode;
  /** Names the check that failed. */
  readonly reason: string;
}

export function failure(code: ErrorCode, reason: string): Failure {
  return { code, reason };
}

/** Failures of later checks come first: an invalid signature of a trusted signer before another signer's. */
const BY_RELEVANCE: readonly ErrorCode[] = [
  'VERIFY_ANNOTATION_MISMATCH',
  'VERIFY_PROVENANCE_MISMATCH',
  'VERIFY_CONDITION_UNMET',
  'VERIFY_LOG_MISSING',
  'VERIFY_KEY_RETIRED',
  'VERIFY_SIGNATURE_INVALID',
  'VERIFY_SIGNER_MISMATCH',
];

/** Sorts failures by relevance, the most relevant first. */
export function sortFailures(failures: readonly Failure[]): readonly Failure[] {
  return [...failures].sort((a, b) => BY_RELEVANCE.indexOf(a.code) - BY_RELEVANCE.indexOf(b.code));
}

const MAX_REASONS = 3;

/** Formats several failures in one line. */
export function describeFailures(failures: readonly Failure[]): string {
  const reasons = [...new Set(failures.map(({ reason }) => reason))];
  const more = reasons.length - MAX_REASONS;
  const shown = reasons.slice(0, MAX_REASONS).join('; ');
  return more > 0 ? `${shown}; and ${more} more` : shown;
}
