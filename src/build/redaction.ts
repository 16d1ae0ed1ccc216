import type { BuildRequest } from './builder';

/** Takes secrets out of a line of text. */
export type Redact = (text: string) => string;

const HIDDEN = '***';

// A part of a secret shorter than this says nothing, and hiding it would garble every line.
const SHORTEST_PART = 4;

/**
 * Hides these values: whole, and for those of several lines each line, because output is shown
 * line by line.
 */
export function redaction(secrets: readonly string[]): Redact {
  const values = new Set<string>();
  for (const secret of secrets) {
    const whole = secret.trim();
    if (whole !== '') values.add(whole);
    for (const line of whole.split(/\r\n|\r|\n/)) {
      if (line.trim().length >= SHORTEST_PART) values.add(line.trim());
    }
  }
  // The longest first: one secret may be the beginning of another.
  const ordered = [...values].sort((a, b) => b.length - a.length);
  return (text) => ordered.reduce((shown, value) => shown.replaceAll(value, HIDDEN), text);
}

/** Hides all that a build is trusted with. */
export function redactionFor(request: BuildRequest): Redact {
  const { username, password } = request.registry;
  const credentials = password ? [password, encodeBasic(username ?? '', password)] : [];
  return redaction([
    ...Object.values(request.secrets),
    ...credentials,
    ...(request.sensitive ?? []),
  ]);
}

/** As an authorization header or an auth file has it. */
export function encodeBasic(username: string, password: string): string {
  return Buffer.from(`${username}:${password}`, 'utf8').toString('base64');
}
