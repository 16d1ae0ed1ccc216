import { InvalidInputError, SignedImageError } from './signed-image-error';

const MARK = '[redacted]';

/** Below this length a secret occurs by chance, and its marks would spell it out. */
const SHORTEST = 4;

/** Replaces every occurrence of the secrets, in any of their usual shapes, by a mark. */
export function textRedaction(secrets: readonly string[]): (text: string) => string {
  const shapes = new Set(secrets.flatMap(shapesOf).filter((shape) => shape.length >= SHORTEST));
  const longestFirst = [...shapes].sort((a, b) => b.length - a.length);
  return (text) => longestFirst.reduce((shown, shape) => shown.replaceAll(shape, MARK), text);
}

/** `text` without the secrets. */
export function redactText(text: string, secrets: readonly string[]): string {
  return textRedaction(secrets)(text);
}

/** What of a foreign error may be kept beside its message: short codes that tell what happened. */
const KEPT = ['code', 'statusCode', 'errno', 'syscall'] as const;

function keptMembers(error: Error): Record<string, string | number> {
  const members = error as unknown as Record<string, unknown>;
  return Object.fromEntries(
    KEPT.flatMap((name) => {
      const value = members[name];
      return typeof value === 'string' || typeof value === 'number' ? [[name, value]] : [];
    }),
  );
}

function rebuilt(error: Error, secrets: readonly string[], cause: unknown): Error {
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

function redacted(error: unknown, secrets: readonly string[], seen: ReadonlySet<unknown>): unknown {
  if (!(error instanceof Error)) {
    return typeof error === 'string' ? redactText(error, secrets) : undefined;
  }
  // A chain that loops is cut where it would start again.
  if (seen.has(error)) return undefined;
  const copy = rebuilt(error, secrets, redacted(error.cause, secrets, new Set(seen).add(error)));
  if (error.stack !== undefined) copy.stack = redactText(error.stack, secrets);
  return copy;
}

/**
 * A copy of `error` and of its whole cause chain without the secrets: in messages, stacks and
 * names. Members that foreign errors carry beside the message (requests, responses, headers) are
 * dropped, except for short codes.
 */
export function redactSecrets(error: unknown, secrets: readonly string[]): Error {
  const copy = redacted(error, secrets, new Set());
  return copy instanceof Error ? copy : new Error(redactText(String(error), secrets));
}

/** A shorter piece of base64 occurs by chance. */
const SHORTEST_PIECE = 8;

/**
 * The shapes in which a program may print a secret: as it is, in JSON, in a URL or a form, in
 * hexadecimal and in base64, there also as a part of something longer (`user:secret`, or with a
 * newline at its end).
 */
export function shapesOf(secret: string): readonly string[] {
  const trimmed = secret.trim();
  const bytes = Buffer.from(secret, 'utf8');
  const hex = Buffer.from(trimmed, 'utf8').toString('hex');
  return [
    ...new Set([
      secret,
      trimmed,
      JSON.stringify(secret).slice(1, -1),
      ...escaped(trimmed),
      ...inBothAlphabets(bytes.toString('base64')),
      ...base64Pieces(trimmed),
      hex,
      hex.toUpperCase(),
      // As `od` and `hexdump` print it.
      hex.replace(/..(?!$)/g, '$& '),
      // A JSON web token is also recognised by each of its parts.
      ...secret.split('.').filter((part) => part.length >= 16),
    ]),
  ].filter((shape) => shape !== '');
}

/** `encodeURIComponent` leaves some characters that others escape, and forms have `+` for a space. */
function escaped(text: string): readonly string[] {
  // By way of bytes, because a lone surrogate has no URL encoding.
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

/** What base64 has of it whatever stands before and after, by the three ways to fall into groups. */
function base64Pieces(text: string): readonly string[] {
  const bytes = Buffer.from(text, 'utf8');
  return [0, 1, 2].flatMap((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
    const piece = encoded.slice(
      Math.ceil((offset * 8) / 6),
      Math.floor(((offset + bytes.length) * 8) / 6),
    );
    return piece.length < SHORTEST_PIECE ? [] : inBothAlphabets(piece);
  });
}

function inBothAlphabets(base64: string): readonly string[] {
  const forUrls = base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
  return [base64, base64.replace(/=+$/, ''), forUrls];
}
