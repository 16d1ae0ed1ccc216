import { execFileSync } from 'node:child_process';

import fc from 'fast-check';

import { redaction } from '../../src/build/redaction';

/** How a step of a Dockerfile may print `$SECRET`, run by the real shell and tools. */
const PRINTED: readonly (readonly [what: string, script: string])[] = [
  ['as it is', 'echo "the token is $SECRET."'],
  ['in base64', 'printf %s "$SECRET" | base64'],
  ['in base64 with a newline', 'echo "$SECRET" | base64 -w 0'],
  ['in base64 after a user', 'printf "user:%s" "$SECRET" | base64 -w 0'],
  ['in base64 in the middle', 'printf "npm:%s@host" "$SECRET" | base64 -w 0'],
  ['in base64 on lines of 20', 'printf "user:%s" "$SECRET" | base64 -w 20'],
  ['in base64 for URLs', 'printf %s "$SECRET" | base64 -w 0 | tr "+/" "-_" | tr -d ='],
  ['in hexadecimal', 'printf %s "$SECRET" | od -An -v -tx1 | tr -d " \\n"'],
  ['as a dump', 'printf %s "$SECRET" | od -An -v -tx1 -w99'],
  ['on lines of 20', 'echo "$SECRET" | fold -w 20'],
  ['on lines of 33, after a prefix', 'echo "token: $SECRET" | fold -w 33 | sed "s/^/#7 0.12 /"'],
];
const ALPHABET = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./+';
const SECRET = fc.string({
  unit: fc.constantFrom(...ALPHABET),
  minLength: 24,
  maxLength: 120,
});
/** What of a secret may be left where a line was wrapped: fewer characters than this. */
const LEFT = 12;

const printed = (script: string, secret: string): readonly string[] =>
  execFileSync('sh', ['-c', script], { encoding: 'utf8', env: { ...process.env, SECRET: secret } })
    .split('\n')
    .filter((line) => line !== '');

/** Whether a line has this many characters of it in a row. */
const holdsRun = (line: string, text: string, length: number): boolean =>
  Array.from({ length: Math.max(0, text.length - length + 1) }, (_, at) =>
    text.slice(at, at + length),
  ).some((run) => line.includes(run));

/** A line, and all that it or a part of it decodes to. */
const readings = (line: string): readonly string[] => {
  const words = line.split(/[^A-Za-z0-9+/_-]+/).filter((word) => word.length >= 8);
  const decoded = words.flatMap((word) =>
    [0, 1, 2, 3].map((at) => Buffer.from(word.slice(at), 'base64').toString('latin1')),
  );
  const dump = Buffer.from(line.replaceAll(' ', ''), 'hex').toString('latin1');
  return [
    line,
    dump,
    ...decoded,
    ...words.map((word) => Buffer.from(word, 'hex').toString('latin1')),
  ];
};

describe('the output of a builder that prints a secret', () => {
  it.each(PRINTED)('%s shows no part of it', (_what, script) => {
    for (const secret of fc.sample(SECRET, { numRuns: 25, seed: 20261126 })) {
      const redact = redaction([secret]);
      const lines = printed(script, secret);
      const shown = lines.map(redact);
      const left = shown.filter((line) =>
        readings(line).some((text) => holdsRun(text, secret, LEFT)),
      );
      expect([secret, left]).toEqual([secret, []]);
      expect(lines.flatMap(readings).some((text) => holdsRun(text, secret, LEFT))).toBe(true);
    }
  });

  it.each([
    ['in a URL', 'pa ss/wörd!(1)', encodeURIComponent('pa ss/wörd!(1)')],
    ['in a form', 'pa ss/wörd!(1)', 'pa+ss%2Fw%C3%B6rd%21%281%29'],
    ['in a URL of lower case', 'pa ss/wörd', 'pa%20ss%2fw%c3%b6rd'],
    ['in JSON', 'first "line"\nsecond line', 'first \\"line\\"\\nsecond line'],
    ['by one of its lines in base64', 'first line\nsecond line\n', btoa('second line')],
    ['as half of a surrogate pair', 'secret \ud83d', 'secret \ud83d'],
  ])('%s shows no part of it', (_what, secret, line) => {
    expect(redaction([secret])(`npm ERR! ${line}, said the server`)).toBe(
      'npm ERR! ***, said the server',
    );
  });

  it('stays readable where it has nothing of a secret', () => {
    const redact = redaction(['canary-a-token-of-some-length-7f3a']);
    for (const line of [
      'STEP 3/9: RUN --mount=type=secret,id=npm npm ci',
      '#12 4.231 npm warn deprecated inflight@1.0.6: This module is not supported',
      `sha256:${'0123456789abcdef'.repeat(4)}`,
      '',
    ]) {
      expect(redact(line)).toBe(line);
    }
    expect(redaction([])('text')).toBe('text');
  });

  it('is compared in a time that grows with its length, also with large and repeated values', () => {
    const redact = redaction(['a'.repeat(200_000), `${'ab'.repeat(100_000)}c`]);
    // Two minutes where each position is compared with each; no time is asserted but the limit of a test.
    expect(redact('ab'.repeat(50_000))).toBe('***');
    expect(redact('x'.repeat(100_000))).toHaveLength(100_000);
  });
});
