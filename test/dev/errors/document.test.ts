import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { errorDocument, errorMessages } from '../../../dev/errors/document';
import { ROOT } from '../../../dev/errors/messages';
import { ERROR_CODES } from '../../../src/error';

describe('docs/errors.md', () => {
  const messages = errorMessages();

  it('lists every message of src, and no other', () => {
    // `node dev/run.mjs errors` writes it again.
    expect(readFileSync(join(ROOT, 'docs', 'errors.md'), 'utf8')).toBe(errorDocument(messages));
  });

  it('has a message for every code', () => {
    const covered = new Set(messages.flatMap(({ codes }) => codes));
    expect(ERROR_CODES.filter((code) => !covered.has(code))).toEqual([]);
  });

  it.each([
    [
      'a literal',
      'INPUT_INVALID',
      'two signers are configured: set exactly one of key and keyless',
    ],
    [
      'a template',
      'DIGEST_INVALID',
      '<text> is not a digest; expected "sha256:" and 64 lower-case hex digits',
    ],
    [
      'the argument of a function that makes the error',
      'VERIFY_LOG_MISSING',
      'it does not contain a transparency log entry',
    ],
  ])('finds a message that is %s', (_form, code, pattern) => {
    expect(messages).toContainEqual(expect.objectContaining({ codes: [code], pattern }));
  });

  it('finds every message that is written where an error is created', () => {
    const folder = join(ROOT, 'src');
    const patterns = messages.map(({ pattern }) => pattern).join('\n');
    const missing = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .flatMap((name) => {
        const text = readFileSync(join(folder, name), 'utf8');
        // Found as text, so that it does not depend on the generator.
        return [...text.matchAll(/SignedImageError\(\{[^}]*?message:\s*['`]([^'`$\\]{8,})/g)]
          .map(([, start = '']) => start.trim())
          .filter((start) => !patterns.includes(start))
          .map((start) => `${name}: ${start}`);
      });
    expect(missing).toEqual([]);
  });
});
