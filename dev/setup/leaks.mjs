import { readFileSync } from 'node:fs';

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

/** Searches what a run printed (test names, errors, logs) for every secret; 0 if there is none. */
export function searchForSecrets(file) {
  const text = readFileSync(file, 'utf8');
  const found = SECRETS.flatMap(({ what, shape }) =>
    [...text.matchAll(shape)].map((match) => ({ what, line: lineOf(text, match.index) })),
  );
  say(`searched ${text.length} characters of output for secrets: ${found.length} found`);
  // The place is told, not the secret.
  for (const { what, line } of found.slice(0, 20)) say(`${what} in line ${line} of ${file}`);
  return found.length === 0 ? 0 : 1;
}

function lineOf(text, index) {
  return text.slice(0, index).split('\n').length;
}
