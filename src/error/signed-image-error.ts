/**
 * The closed list of error codes. Programs match on the code; the message explains the failure to
 * the user, together with the remedy.
 */
export const ERROR_CODES = [
  // Inputs.
  'INPUT_INVALID',
  'REFERENCE_INVALID',
  'DIGEST_INVALID',
  // Source facts.
  'SOURCE_DIRTY',
  'SOURCE_UNREADABLE',
  // Build.
  'BUILD_CONTEXT_INVALID',
  'BUILDER_UNAVAILABLE',
  'BUILD_FAILED',
  'BUILD_DIGEST_MISSING',
  'BUILD_RESULT_MISMATCH',
  // Registry.
  'REGISTRY_UNAUTHORIZED',
  'REGISTRY_FORBIDDEN',
  'REGISTRY_NOT_FOUND',
  'REGISTRY_UNAVAILABLE',
  'REGISTRY_THROTTLED',
  'REGISTRY_PROTOCOL',
  'REGISTRY_CONFLICT',
  'REGISTRY_INSECURE',
  'CREDENTIALS_UNREADABLE',
  'CONTENT_MISMATCH',
  'CONTENT_TOO_LARGE',
  'CONTENT_MALFORMED',
  // Keys.
  'KEY_REFERENCE_INVALID',
  'KEY_UNREADABLE',
  'KEY_PASSWORD_WRONG',
  'KEY_UNSUPPORTED',
  'KEY_SIGNING_FAILED',
  'KEY_NOT_FOUND',
  'KEY_FORBIDDEN',
  'KEY_SERVICE_FAILED',
  'KEY_EXISTS',
  // An optional package.
  'PACKAGE_MISSING',
  // Identities.
  'IDENTITY_UNAVAILABLE',
  'IDENTITY_TOKEN_INVALID',
  // Sigstore services and trust material.
  'FULCIO_FAILED',
  'REKOR_FAILED',
  'TSA_FAILED',
  // A log contradicts a checkpoint that it has signed.
  'LOG_INCONSISTENT',
  'TRUSTED_ROOT_INVALID',
  'TRUSTED_ROOT_UNAVAILABLE',
  // Verification results other than "verified".
  'VERIFY_UNSIGNED',
  'VERIFY_SIGNATURE_INVALID',
  'VERIFY_SIGNER_MISMATCH',
  'VERIFY_KEY_RETIRED',
  'VERIFY_LOG_MISSING',
  'VERIFY_ANNOTATION_MISMATCH',
  'VERIFY_PROVENANCE_MISSING',
  'VERIFY_PROVENANCE_MISMATCH',
  'VERIFY_ATTESTATION_MISSING',
  'VERIFY_CONDITION_UNMET',
  'VERIFY_THRESHOLD_UNMET',
  'VERIFY_INCONCLUSIVE',
  // A workload of the program, or of the cluster, runs an image that was not verified.
  'IMAGE_NOT_VERIFIED',
  // The pods of a cluster cannot be read.
  'CLUSTER_UNREADABLE',
  // A bug in this package.
  'INTERNAL',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

export interface SignedImageErrorOptions {
  readonly code: ErrorCode;
  readonly message: string;
  /** Path of the input property that caused the error, for example `key.ref` or `build.secrets.npm`. */
  readonly property?: string | undefined;
  readonly cause?: unknown;
}

/** Messages quote foreign text, which may be megabytes long. */
const MAX_MESSAGE_LENGTH = 10_000;

function truncate(message: string): string {
  const more = message.length - MAX_MESSAGE_LENGTH;
  return more > 0
    ? `${message.slice(0, MAX_MESSAGE_LENGTH)}... (${more} characters more)`
    : message;
}

/** The error that this package throws. Its message and its causes never contain a secret. */
export class SignedImageError extends Error {
  readonly code: ErrorCode;
  readonly property: string | undefined;

  constructor({ code, message, property, cause }: SignedImageErrorOptions) {
    super(truncate(message), cause === undefined ? undefined : { cause });
    this.name = 'SignedImageError';
    this.code = code;
    this.property = property;
  }

  /** Returns the same error with this property, unless it has one already. */
  on(property: string): SignedImageError {
    return new SignedImageError({
      code: this.code,
      message: this.message,
      property: this.property ?? property,
      cause: this.cause,
    });
  }
}

/** One validation problem of the inputs. */
export interface Problem {
  readonly property: string;
  readonly code: ErrorCode;
  readonly message: string;
}

/** All validation problems of the inputs in one error. */
export class InvalidInputError extends SignedImageError {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super({
      code: problems[0]?.code ?? 'INPUT_INVALID',
      message: problems.map(({ property, message }) => `${property}: ${message}`).join('\n'),
      property: problems[0]?.property,
    });
    this.name = 'InvalidInputError';
    this.problems = problems;
  }
}

/** Returns a foreign error's message; never its `toString()`, which may contain more than the message. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Wraps a thrown value in a `SignedImageError`; one that already is a `SignedImageError` is returned unchanged. */
export function asSignedImageError(
  error: unknown,
  fallback: Omit<SignedImageErrorOptions, 'cause'>,
): SignedImageError {
  if (error instanceof SignedImageError) return error;
  return new SignedImageError({ ...fallback, cause: error });
}

/** Runs a check and converts its `SignedImageError` into problems; any other error is rethrown. */
export async function problemsOf(
  property: string,
  check: () => Promise<unknown>,
): Promise<readonly Problem[]> {
  try {
    await check();
    return [];
  } catch (error) {
    if (error instanceof InvalidInputError) return error.problems;
    if (!(error instanceof SignedImageError)) throw error;
    return [{ property: error.property ?? property, code: error.code, message: error.message }];
  }
}

/** Returns the problems without duplicates. */
export function distinct(problems: readonly Problem[]): readonly Problem[] {
  const seen = new Set<string>();
  return problems.filter(({ property, message }) => {
    const key = `${property}\n${message}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
