import { credentialsInUrls } from '../error/credentials-in-text';
import { shapesOf } from '../error/redaction';
import type { BuildRequest } from './builder';
import { FragmentFinder, type Span } from './secret-fragments';

/** Takes secrets out of a line of text. */
export type Redact = (text: string) => string;

const HIDDEN = '***';

// A part of a secret shorter than this says nothing, and hiding it would garble every line.
const SHORTEST_PART = 4;

/**
 * Hides these values in lines of output: whole, in the encodings of `shapesOf`, and in parts, because
 * a value of several lines is shown line by line, and a program may wrap what it prints.
 */
export function redaction(secrets: readonly string[]): Redact {
  const values = secrets.map((secret) => secret.trim()).filter((whole) => whole !== '');
  const lines = values
    .flatMap((whole) => whole.split(/\r\n|\r|\n/))
    .map((line) => line.trim())
    .filter((line) => line.length >= SHORTEST_PART);
  const encoded = [...values, ...lines]
    .filter((value) => value.length >= SHORTEST_PART)
    .flatMap(shapesOf);
  // The longest first: one secret may be the beginning of another.
  const ordered = [...new Set([...values, ...lines, ...encoded])].sort(
    (a, b) => b.length - a.length,
  );
  if (ordered.length === 0) return (text) => text;
  // Where there is too much to compare, at least the plain texts are.
  const fragments = new FragmentFinder(ordered.toReversed());
  return (text) => {
    const shown = ordered.reduce((line, value) => line.replaceAll(value, HIDDEN), text);
    return withoutSpans(shown, fragments.find(shown));
  };
}

function withoutSpans(text: string, spans: readonly Span[]): string {
  let shown = '';
  let from = 0;
  for (const [start, end] of [...spans].sort(([a], [b]) => a - b)) {
    if (start >= from) shown += `${text.slice(from, start)}${HIDDEN}`;
    from = Math.max(from, end);
  }
  return shown + text.slice(from);
}

/** A variable whose value is a credential, by its name: `CORPORATE_TOKEN`, `AWS_SECRET_ACCESS_KEY`. */
const CREDENTIAL_NAME =
  /TOKEN|PASSW|PASSPHRASE|SECRET|CREDENTIAL|PRIVATE|AUTH|API_?KEY|ACCESS_?KEY|(?:^|_)(?:KEY|PIN|PWD)$/i;
/** A shorter value, such as `true`, would garble the output. */
const SHORTEST_VALUE = 6;

/** What the variables of the builder's process hold of credentials: a step may print its environment. */
function credentialsInEnvironment(env: NodeJS.ProcessEnv): readonly string[] {
  return Object.entries(env).flatMap(([name, value = '']) => {
    // The path of a file with credentials, or of an agent, is none.
    const isValue = CREDENTIAL_NAME.test(name) && !/^[/~]|^[A-Za-z]:\\/.test(value);
    const whole = isValue && value.trim().length >= SHORTEST_VALUE ? [value] : [];
    return [...whole, ...credentialsInUrls(value)];
  });
}

/**
 * Hides all that a build is trusted with.
 *
 * @param env - Variables of the builder's process.
 */
export function redactionFor(request: BuildRequest, env: NodeJS.ProcessEnv = {}): Redact {
  const { username, password } = request.registry;
  const credentials = password ? [password, encodeBasic(username ?? '', password)] : [];
  return redaction([
    ...Object.values(request.secrets),
    ...credentials,
    ...(request.sensitive ?? []),
    ...credentialsInEnvironment(env),
  ]);
}

/** As an authorization header or an auth file has it. */
export function encodeBasic(username: string, password: string): string {
  return Buffer.from(`${username}:${password}`, 'utf8').toString('base64');
}
