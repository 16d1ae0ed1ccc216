import { InvalidInputError, SignedImageError } from './signed-image-error';

const MARK = '[redacted]';

/** Minimum length of a string to redact: shorter ones occur by chance, and the marks would reveal them. */
const MIN_SECRET_LENGTH = 4;

/** Returns a function that replaces every occurrence of the secrets, in any common encoding, with a mark. */
export function textRedaction(secrets: readonly string[]): (text: string) => string {
  const shapes = new Set(
    secrets.flatMap(encodingsOf).filter((shape) => shape.length >= MIN_SECRET_LENGTH),
  );
  const longestFirst = [...shapes].sort((a, b) => b.length - a.length);
  return (text) => longestFirst.reduce((result, shape) => result.replaceAll(shape, MARK), text);
}

/** Returns `text` with the secrets redacted. */
export function redactText(text: string, secrets: readonly string[]): string {
  return textRedaction(secrets)(text);
}

/** Members of a foreign error that are kept beside its message: short codes without secrets. */
const KEPT_MEMBERS = ['code', 'statusCode', 'errno', 'syscall'] as const;

function keptMembers(error: Error): Record<string, string | number> {
  const members = error as unknown as Record<string, unknown>;
  return Object.fromEntries(
    KEPT_MEMBERS.flatMap((name) => {
      const value = members[name];
      return typeof value === 'string' || typeof value === 'number' ? [[name, value]] : [];
    }),
  );
}

function copyRedacted(error: Error, secrets: readonly string[], cause: unknown): Error {
  const message = redactText(error.message, secrets);
  if (error instanceof InvalidInputError) {
    const problems = error.problems.map((problem) => ({
      ...problem,
      message: redactText(problem.message, secrets),
    }));
    return new InvalidInputError(problems);
  }
  if (error instanceof SignedImageError) {
    return new SignedImageError({ code: error.code, property: error.property, message, cause });
  }
  const copy = new Error(message, cause === undefined ? undefined : { cause });
  copy.name = error.name;
  return Object.assign(copy, keptMembers(error));
}

function redactChain(
  error: unknown,
  secrets: readonly string[],
  seen: ReadonlySet<unknown>,
): unknown {
  if (!(error instanceof Error)) {
    return typeof error === 'string' ? redactText(error, secrets) : undefined;
  }
  // A cyclic cause chain is cut where it would repeat.
  if (seen.has(error)) return undefined;
  const copy = copyRedacted(
    error,
    secrets,
    redactChain(error.cause, secrets, new Set(seen).add(error)),
  );
  if (error.stack !== undefined) copy.stack = redactText(error.stack, secrets);
  return copy;
}

/**
 * Returns a copy of `error` and of its whole cause chain with the secrets redacted in messages,
 * stacks and names. Other members of foreign errors (requests, responses, headers) are dropped,
 * except for short codes.
 */
export function redactSecrets(error: unknown, secrets: readonly string[]): Error {
  const copy = redactChain(error, secrets, new Set());
  return copy instanceof Error ? copy : new Error(redactText(String(error), secrets));
}

/** Minimum length of a base64 fragment to redact: shorter ones occur by chance. */
const MIN_BASE64_FRAGMENT_LENGTH = 8;

/**
 * Returns the encodings in which a program may print a secret: verbatim, JSON, URL and form
 * encoding, hexadecimal and base64, the latter also as part of a longer value (`user:secret`, or
 * with a trailing newline).
 */
export function encodingsOf(secret: string): readonly string[] {
  const trimmed = secret.trim();
  const bytes = Buffer.from(secret, 'utf8');
  const hex = Buffer.from(trimmed, 'utf8').toString('hex');
  return [
    ...new Set([
      secret,
      trimmed,
      JSON.stringify(secret).slice(1, -1),
      ...urlEncodings(trimmed),
      ...base64Alphabets(bytes.toString('base64')),
      ...base64Fragments(trimmed),
      hex,
      hex.toUpperCase(),
      // As `od` and `hexdump` print it.
      hex.replace(/..(?!$)/g, '$& '),
      // Each part of a JSON Web Token is redacted on its own, too.
      ...secret.split('.').filter((part) => part.length >= 16),
    ]),
  ].filter((shape) => shape !== '');
}

/** `encodeURIComponent` leaves some characters that other encoders escape, and forms encode a space as `+`. */
function urlEncodings(text: string): readonly string[] {
  // Converted to bytes first, because a lone surrogate has no URL encoding.
  const component = encodeURIComponent(Buffer.from(text, 'utf8').toString('utf8'));
  const strict = component.replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return [component, strict].flatMap((shape) => [
    shape,
    shape.replaceAll('%20', '+'),
    shape.replace(/%[0-9A-F]{2}/g, (octet) => octet.toLowerCase()),
  ]);
}

/** Returns the base64 of `text` that does not depend on adjacent bytes, at each of the three alignments. */
function base64Fragments(text: string): readonly string[] {
  const bytes = Buffer.from(text, 'utf8');
  return [0, 1, 2].flatMap((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
    const piece = encoded.slice(
      Math.ceil((offset * 8) / 6),
      Math.floor(((offset + bytes.length) * 8) / 6),
    );
    return piece.length < MIN_BASE64_FRAGMENT_LENGTH ? [] : base64Alphabets(piece);
  });
}

function base64Alphabets(base64: string): readonly string[] {
  const forUrls = base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
  return [base64, base64.replace(/=+$/, ''), forUrls];
}
