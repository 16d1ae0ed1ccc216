import { appendFileSync } from 'node:fs';

/**
 * Appends the output of a run and its state to the file that the suite searches for secrets
 * (dev/setup/leaks.mjs); does nothing if `SECRET_SEARCH` is not set.
 */
export function recordForSecretSearch(...texts: readonly string[]): void {
  const file = process.env['SECRET_SEARCH'];
  if (file !== undefined) appendFileSync(file, `${texts.join('\n')}\n`);
}
