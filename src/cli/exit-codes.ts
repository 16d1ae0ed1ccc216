import type { ErrorCode } from '../error';

/** Exit codes of the process, for all commands (docs/reference/cli.md). */
export const EXIT = {
  done: 0,
  /** The command was understood and did not succeed; `audit`: findings. */
  failed: 1,
  /** The command line, or a value or a file that it names, cannot be used. */
  usage: 2,
  /** `audit`: something could not be checked. */
  incomplete: 3,
} as const;

/** Codes of errors in what the caller gave, in contrast to failures of the environment. */
const USAGE_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'INPUT_INVALID',
  'REFERENCE_INVALID',
  'DIGEST_INVALID',
  'KEY_REFERENCE_INVALID',
  'KEY_UNREADABLE',
  'KEY_UNSUPPORTED',
  'TRUSTED_ROOT_INVALID',
]);

/** Whether an error is about the command line, or about a value or a file that it names. */
export function isUsageError(code: ErrorCode): boolean {
  return USAGE_CODES.has(code);
}
