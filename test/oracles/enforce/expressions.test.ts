import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

import fc from 'fast-check';

import { anchored, expressionFault } from '../../../src/enforce/admission/common-expression';
import { literal } from '../../../src/enforce/program/exemption';
import { recordOracle } from '../support/tally';

interface Answer {
  readonly compiles: boolean;
  readonly matches: readonly boolean[];
}

const RUNS = 3_000;

/** Asks the regular expressions of Go, which policy engines use. */
function askGo(questions: readonly { pattern: string; texts: readonly string[] }[]): Answer[] {
  const input = questions.map((question) => JSON.stringify(question)).join('\n');
  const output = execFileSync('go', ['run', 'main.go'], {
    cwd: join(__dirname, 'go-regexp'),
    input,
    encoding: 'utf8',
    env: { ...process.env, GO111MODULE: 'off' },
    maxBuffer: 1 << 26,
  });
  return output
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Answer);
}

// What both read alike, what only one of them reads, and what each reads as something else.
const PIECES = [
  ...['a', 'b', 'acme', '/', 'https://', '@', '-', '_', ':', '#', '=', '~', ' ', 'é', '\u2028'],
  ...['.', '^', '$', '|', '(', ')', '(?:', '[', ']', '{', '}', '*', '+', '?', '*?', '+?', '??'],
  ...[
    '{2}',
    '{1,}',
    '{0,3}',
    '{,3}',
    '{3,1}',
    '{1001}',
    '{40}',
    '{300}',
    '[ab]',
    '[^a]',
    '[a-f]',
    '[a-]',
    '[]a]',
  ],
  ...['[\\w.-]', '[\\w-a]', '[a-\\d]', '[[:alpha:]]', '[^]', '[]', '[&&a]', '[^^]', '[\\^a]'],
  ...['\\.', '\\/', '\\-', '\\@', '\\d', '\\w', '\\W', '\\S', '\\D', '\\b', '\\B', '\\z', '\\A'],
  ...['\\Q', '\\E', '\\pL', '\\p{L}', '\\u0061', '\\x61', '\\141', '\\0', '\\1', '\\a', '\\cA'],
  ...['(?=a)', '(?!a)', '(?<=a)', '(?<n>a)', '(?P<n>a)', '(?i)', '(?i:a)', '(?s).', '\\C', '\\8'],
];
const TEXTS = ['', 'a', 'b', 'acme', 'ab', 'https://acme/a', 'a@b', 'aa', 'A', 'x)|(?:y', 'b-a_1'];

const texts = fc.array(fc.constantFrom(...TEXTS, ...'ab/.-@1 zAE)^$'), { maxLength: 4 });
const subjects = fc.array(
  texts.map((parts) => parts.join('')),
  { minLength: 8, maxLength: 8 },
);
const pieces = fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 7 });

describe('patterns of identities', () => {
  test('that are taken match in Go just what they match here', () => {
    const made = fc.sample(fc.tuple(pieces, subjects), { numRuns: RUNS, seed: 12 });
    const questions = made.map(([parts, those]) => ({ bare: parts.join(''), texts: those }));
    const taken = questions.filter(({ bare }) => expressionFault(bare) === undefined);
    const answers = askGo(
      taken.map(({ bare, texts: those }) => ({ pattern: anchored(bare), texts: those })),
    );
    const differences = taken.filter(({ bare, texts: those }, at) => {
      const here = new RegExp(anchored(bare));
      const { compiles, matches } = answers[at]!;
      return !compiles || those.some((text, index) => here.test(text) !== matches[index]);
    });
    recordOracle('identity patterns: Go regexp', questions.length, differences.length);
    expect(differences).toEqual([]);
    // Not by refusing everything.
    expect(taken.length).toBeGreaterThan(RUNS / 10);
  });

  test('that are taken never match beyond their anchors', () => {
    const made = fc.sample(pieces, { numRuns: RUNS, seed: 13 }).map((parts) => parts.join(''));
    const taken = made.filter((bare) => expressionFault(bare) === undefined);
    // A pattern that is only a group cannot match text before or after it.
    const loose = taken.filter((bare) => {
      const whole = new RegExp(anchored(bare));
      const alone = new RegExp(bare);
      return TEXTS.some((text) => whole.test(text) && !alone.test(text));
    });
    expect(loose).toEqual([]);
  });
});

test('an exact text, as an expression, matches itself in Go and nothing else', () => {
  const text = fc.string({ unit: 'grapheme-ascii', maxLength: 12 });
  const made = fc.sample(fc.tuple(text, text), { numRuns: 2_000, seed: 14 });
  const questions = made.map(([own, other]) => ({
    pattern: `^${literal(own)}$`,
    texts: [own, other, `${own}x`, `x${own}`],
  }));
  const answers = askGo(questions);
  const differences = questions.filter(({ texts: those }, at) => {
    const expected = those.map((each) => each === those[0]);
    return JSON.stringify(answers[at]!.matches) !== JSON.stringify(expected);
  });
  recordOracle('exact identities: Go regexp', questions.length, differences.length);
  expect(differences).toEqual([]);
});
