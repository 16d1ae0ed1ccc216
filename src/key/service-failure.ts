import { type ErrorCode, SignedImageError } from '../error';
import { redactSecrets } from '../error/redaction';

/** The meaning of an SDK's error for the user. */
export interface FailureMeaning {
  readonly code: ErrorCode;
  /** The rest of a sentence whose subject is the key: what is wrong, and what to do next. */
  readonly problem: string;
}

/** In characters. Services quote the request; the rest is in the cause. */
const MAX_QUOTE_LENGTH = 400;

function quoteOf(error: Error): string {
  const [line = ''] = error.message.trim().split('\n');
  const text = line.length > MAX_QUOTE_LENGTH ? `${line.slice(0, MAX_QUOTE_LENGTH)}...` : line;
  return text === '' ? error.name : `${error.name}: ${text}`;
}

/**
 * Converts an SDK's error. Requests and responses that SDKs attach to their errors contain tokens
 * and signatures: they are dropped, and secrets are redacted from the texts.
 */
export function serviceFailure(
  description: string,
  { code, problem }: FailureMeaning,
  error: unknown,
  secrets: readonly string[] = [],
): SignedImageError {
  if (error instanceof SignedImageError) return error;
  const cause = redactSecrets(error, secrets);
  return new SignedImageError({
    code,
    message: `${description} ${problem} (${quoteOf(cause)})`,
    cause,
  });
}
