import type { ErrorCode } from '../error';

/** Why a stored thing does not count. */
export interface Failure {
  readonly code: ErrorCode;
  /** Names the check that failed. */
  readonly reason: string;
}

export function failure(code: ErrorCode, reason: string): Failure {
  return { code, reason };
}

/** The further a check comes, the more its failure tells: ours and wrong, before somebody else's. */
const TELLING: readonly ErrorCode[] = [
  'VERIFY_ANNOTATION_MISMATCH',
  'VERIFY_PROVENANCE_MISMATCH',
  'VERIFY_LOG_MISSING',
  'VERIFY_KEY_RETIRED',
  'VERIFY_SIGNATURE_INVALID',
  'VERIFY_SIGNER_MISMATCH',
];

/** The most telling failures first. */
export function sortFailures(failures: readonly Failure[]): readonly Failure[] {
  return [...failures].sort((a, b) => TELLING.indexOf(a.code) - TELLING.indexOf(b.code));
}

const SHOWN = 3;

/** Several failures in one line. */
export function describeFailures(failures: readonly Failure[]): string {
  const reasons = [...new Set(failures.map(({ reason }) => reason))];
  const more = reasons.length - SHOWN;
  const shown = reasons.slice(0, SHOWN).join('; ');
  return more > 0 ? `${shown}; and ${more} more` : shown;
}
