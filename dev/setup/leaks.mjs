import { existsSync, readFileSync } from 'node:fs';

import { log } from './process.mjs';

/**
 * Patterns of secrets of the tests: every password, token and build secret that a test invents
 * begins with `canary-`; keys and identity tokens have their own formats.
 */
const SECRETS = [
  { what: 'a test secret', shape: /canary-[A-Za-z0-9_-]+/g },
  {
    what: 'a private key',
    shape: /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\\rn]+[A-Za-z0-9+/=]{16,}/g,
  },
  { what: 'a token', shape: /eyJ[\w-]{16,}\.eyJ[\w-]{16,}\.[\w-]{16,}/g },
];

/**
 * Searches the output of a suite, and the logs and states of its tests and engines, for secrets.
 *
 * @returns exit code: 0 if none was found
 */
export function searchForSecrets(...files) {
  const texts = files
    .filter((file) => existsSync(file))
    .map((file) => [file, readFileSync(file, 'utf8')]);
  const found = texts.flatMap(([file, text]) =>
    SECRETS.flatMap(({ what, shape }) =>
      [...text.matchAll(shape)].map(
        (match) => `${what} in line ${lineOf(text, match.index)} of ${file}`,
      ),
    ),
  );
  const length = texts.reduce((sum, [, text]) => sum + text.length, 0);
  log(
    `searched ${length} characters of output, logs and states for secrets: ${found.length} found`,
  );
  // Only the location is printed, not the secret.
  for (const location of found.slice(0, 20)) log(location);
  return found.length === 0 ? 0 : 1;
}

function lineOf(text, index) {
  return text.slice(0, index).split('\n').length;
}
