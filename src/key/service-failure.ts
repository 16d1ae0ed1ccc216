import { type ErrorCode, SignedImageError } from '../error';
import { redactSecrets } from '../error/redaction';

/** What an SDK's error means to the one who signs. */
export interface FailureMeaning {
  readonly code: ErrorCode;
  /** The rest of a sentence whose subject is the key: what is wrong, and what to do next. */
  readonly says: string;
}

/** Services quote the request; the rest is in the cause. */
const LONGEST_QUOTE = 400;

function quoteOf(error: Error): string {
  const [line = ''] = error.message.trim().split('\n');
  const text = line.length > LONGEST_QUOTE ? `${line.slice(0, LONGEST_QUOTE)}...` : line;
  return text === '' ? error.name : `${error.name}: ${text}`;
}

/**
 * An SDK's error as ours. Requests and responses that SDKs hang on their errors hold tokens and
 * signatures: they are dropped, and the secrets are taken out of the texts.
 */
export function serviceFailure(
  description: string,
  { code, says }: FailureMeaning,
  error: unknown,
  secrets: readonly string[] = [],
): SignedImageError {
  if (error instanceof SignedImageError) return error;
  const cause = redactSecrets(error, secrets);
  return new SignedImageError({
    code,
    message: `${description} ${says} (${quoteOf(cause)})`,
    cause,
  });
}
