import { InvalidInputError, SignedImageError } from './signed-image-error';
import { shapesOf } from './secret-shapes';

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
