/**
 * The closed list of error codes. A code names what went wrong for a program; the message says it
 * to a person, together with what to do next.
 */
export const ERROR_CODES = [
  // What the user declared.
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
  // A package that only some need.
  'PACKAGE_MISSING',
  // Identities.
  'IDENTITY_UNAVAILABLE',
  'IDENTITY_TOKEN_INVALID',
  // Sigstore services and trust material.
  'FULCIO_FAILED',
  'REKOR_FAILED',
  'TSA_FAILED',
  'TRUSTED_ROOT_INVALID',
  'TRUSTED_ROOT_UNAVAILABLE',
  // Verification: the answers that are not "verified".
  'VERIFY_UNSIGNED',
  'VERIFY_SIGNATURE_INVALID',
  'VERIFY_SIGNER_MISMATCH',
  'VERIFY_KEY_RETIRED',
  'VERIFY_LOG_MISSING',
  'VERIFY_ANNOTATION_MISMATCH',
  'VERIFY_PROVENANCE_MISSING',
  'VERIFY_PROVENANCE_MISMATCH',
  'VERIFY_INCONCLUSIVE',
  // A workload of the program, or of the cluster, runs what was not verified.
  'IMAGE_NOT_VERIFIED',
  // The pods of a cluster cannot be read.
  'CLUSTER_UNREADABLE',
  // A defect of ours.
  'INTERNAL',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

export interface SignedImageErrorOptions {
  readonly code: ErrorCode;
  readonly message: string;
  /** Path of the declared property it came from, for example `key.ref` or `build.secrets.npm`. */
  readonly property?: string | undefined;
  readonly cause?: unknown;
}

/** Messages quote what others wrote, and others may write megabytes. */
const LONGEST_MESSAGE = 10_000;

function bounded(message: string): string {
  const more = message.length - LONGEST_MESSAGE;
  return more > 0 ? `${message.slice(0, LONGEST_MESSAGE)}... (${more} characters more)` : message;
}

/** Every error that leaves this package. Its message and its causes never hold a secret. */
export class SignedImageError extends Error {
  readonly code: ErrorCode;
  readonly property: string | undefined;

  constructor({ code, message, property, cause }: SignedImageErrorOptions) {
    super(bounded(message), cause === undefined ? undefined : { cause });
    this.name = 'SignedImageError';
    this.code = code;
    this.property = property;
  }

  /** The same error, told on the declared property that it came from (unless it names one already). */
  on(property: string): SignedImageError {
    return new SignedImageError({
      code: this.code,
      message: this.message,
      property: this.property ?? property,
      cause: this.cause,
    });
  }
}

/** One thing that is wrong with what was declared. */
export interface Problem {
  readonly property: string;
  readonly code: ErrorCode;
  readonly message: string;
}

/** Everything that is wrong with what was declared, all at once. */
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

/** A foreign error's message; never its `toString()`, which may carry more than the message. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Turns whatever was thrown into an error of ours, keeping one that is ours already. */
export function asSignedImageError(
  error: unknown,
  fallback: Omit<SignedImageErrorOptions, 'cause'>,
): SignedImageError {
  if (error instanceof SignedImageError) return error;
  return new SignedImageError({ ...fallback, cause: error });
}

/** Runs a check and turns what it throws into problems on their properties; a defect is thrown on. */
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

/** The same problems without those that were said already. */
export function distinct(problems: readonly Problem[]): readonly Problem[] {
  const said = new Set<string>();
  return problems.filter(({ property, message }) => {
    const key = `${property}\n${message}`;
    if (said.has(key)) return false;
    said.add(key);
    return true;
  });
}
