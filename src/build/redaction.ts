import { credentialsInUrls } from '../error/credentials-in-text';
import { encodingsOf } from '../error/redaction';
import type { BuildRequest } from './builder';
import { plainText } from './control-sequences';
import { FragmentFinder, type Span } from './secret-fragments';

/** Redacts secrets in a line of text. */
export type Redact = (text: string) => string;

const HIDDEN = '***';

// A shorter part of a secret occurs by chance, and redacting it would garble every line.
const MIN_PART_LENGTH = 4;

/**
 * Returns a function that redacts these values in lines of output: whole, in the encodings of
 * `encodingsOf`, and in parts, because a multi-line value is printed line by line, and programs may
 * wrap their output.
 */
export function redaction(secrets: readonly string[]): Redact {
  const values = secrets.map((secret) => secret.trim()).filter((whole) => whole !== '');
  const lines = values
    .flatMap((whole) => whole.split(/\r\n|\r|\n/))
    .map((line) => line.trim())
    .filter((line) => line.length >= MIN_PART_LENGTH);
  const encoded = [...values, ...lines]
    .filter((value) => value.length >= MIN_PART_LENGTH)
    .flatMap(encodingsOf);
  // The longest first: one secret may be a prefix of another.
  const ordered = [...new Set([...values, ...lines, ...encoded])].sort(
    (a, b) => b.length - a.length,
  );
  if (ordered.length === 0) return (text) => text;
  // If there is too much text to index, at least the plain texts are.
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

/** The name of a variable whose value is a credential: `CORPORATE_TOKEN`, `AWS_SECRET_ACCESS_KEY`. */
const CREDENTIAL_NAME =
  /TOKEN|PASSW|PASSPHRASE|SECRET|CREDENTIAL|PRIVATE|AUTH|API_?KEY|ACCESS_?KEY|(?:^|_)(?:KEY|PIN|PWD)$/i;
/** Redacting a shorter value, such as `true`, would garble the output. */
const MIN_VALUE_LENGTH = 6;

/** Returns the credentials in the variables of the builder's process: a step may print its environment. */
function credentialsInEnvironment(env: NodeJS.ProcessEnv): readonly string[] {
  return Object.entries(env).flatMap(([name, value = '']) => {
    // The path of a file with credentials, or of an agent, is not a credential.
    const isValue = CREDENTIAL_NAME.test(name) && !/^[/~]|^[A-Za-z]:\\/.test(value);
    const whole = isValue && value.trim().length >= MIN_VALUE_LENGTH ? [value] : [];
    return [...whole, ...credentialsInUrls(value)];
  });
}

/**
 * Returns a function that redacts all secrets of a build in plain text.
 *
 * @param env - Variables of the builder's process.
 */
export function redactionFor(request: BuildRequest, env: NodeJS.ProcessEnv = {}): Redact {
  const { username, password } = request.registry;
  const credentials = password ? [password, encodeBasic(username ?? '', password)] : [];
  const secrets = [
    ...Object.values(request.secrets),
    ...credentials,
    ...(request.sensitive ?? []),
    ...credentialsInEnvironment(env),
  ];
  // Lines of output have no control sequences any more (`plainText`), and a secret can contain one.
  return redaction(secrets.flatMap((each) => [each, plainText(each)]));
}

/** Encodes a login for an `Authorization` header or auth file. */
export function encodeBasic(username: string, password: string): string {
  return Buffer.from(`${username}:${password}`, 'utf8').toString('base64');
}
