import { existsSync, readFileSync } from 'node:fs';

import { say } from './process.mjs';

/**
 * What a secret of the tests looks like wherever it turns up: every password, token and build
 * secret that a test makes up begins with `canary-`; keys and identity tokens have their own shape.
 */
const SECRETS = [
  { what: 'a made-up secret', shape: /canary-[A-Za-z0-9_-]+/g },
  {
    what: 'a private key',
    shape: /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\\rn]+[A-Za-z0-9+/=]{16,}/g,
  },
  { what: 'a token', shape: /eyJ[\w-]{16,}\.eyJ[\w-]{16,}\.[\w-]{16,}/g },
];

/**
 * Searches what a suite printed, and what its tests and the engines' runs said and left in their
 * states, for every secret; 0 if there is none.
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
  say(
    `searched ${length} characters of output, logs and states for secrets: ${found.length} found`,
  );
  // The place is told, not the secret.
  for (const place of found.slice(0, 20)) say(place);
  return found.length === 0 ? 0 : 1;
}

function lineOf(text, index) {
  return text.slice(0, index).split('\n').length;
}
