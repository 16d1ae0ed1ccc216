import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The forms of a secret in stored data: plain, escaped for JSON, and in base64. */
function formsOf(secret: string): readonly string[] {
  // Base64 of a text that begins elsewhere has other letters, in three ways.
  const encoded = ['', 'x', 'xx'].map((before) => {
    const text = Buffer.from(before + secret).toString('base64');
    return text.slice(before.length === 0 ? 0 : 4, text.length - 4);
  });
  return [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), ...encoded];
}

/** Names of the secrets that are found in a text. */
export function secretsIn(
  text: string | Buffer,
  secrets: Readonly<Record<string, string>>,
): readonly string[] {
  return Object.entries(secrets).flatMap(([name, secret]) =>
    formsOf(secret).some((form) => text.includes(form)) ? [name] : [],
  );
}

/** Every file below a folder, as one. */
export function everyFileIn(folder: string): Buffer {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  return Buffer.concat(
    files
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name))),
  );
}
