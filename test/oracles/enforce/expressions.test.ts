import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

import fc from 'fast-check';

import { anchored, compilePattern, literalPattern } from '../../../src/verify/identity-pattern';
import recorded from '../../verify/support/go-regexp.json';
import { recordOracle } from '../support/tally';

interface Answer {
  readonly compiles: boolean;
  readonly matches: readonly boolean[];
}

interface Group {
  readonly texts: readonly string[];
  readonly patterns: Readonly<Record<string, string>>;
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

interface Question {
  readonly pattern: string;
  readonly texts: readonly string[];
}

/** What we answer: whether the pattern compiles, and the texts that it matches as a whole. */
function ownAnswer({ pattern, texts: those }: Question): Answer {
  const compiled = compilePattern(pattern);
  return 'fault' in compiled
    ? { compiles: false, matches: [] }
    : { compiles: true, matches: those.map(compiled.matches) };
}

/** What Go answers about the anchored pattern, which every generator writes. */
function goAnswers(questions: readonly Question[]): readonly Answer[] {
  const alone = askGo(questions.map(({ pattern }) => ({ pattern, texts: [] })));
  const whole = askGo(
    questions.map(({ pattern, texts: those }) => ({ pattern: anchored(pattern), texts: those })),
  );
  return whole.map((answer, at) =>
    answer.compiles && alone[at]!.compiles ? answer : { compiles: false, matches: [] },
  );
}

/** Only Go takes a name for two groups; we refuse it, as RE2 does. */
const namesTwice = (pattern: string): boolean => pattern.split(/\(\?P?<n>/).length > 2;

describe('patterns of identities', () => {
  test('match in Go what they match here, and are refused by both', () => {
    const made = fc.sample(fc.tuple(pieces, subjects), { numRuns: RUNS, seed: 12 });
    const questions = made
      .map(([parts, those]) => ({ pattern: parts.join(''), texts: those }))
      .filter(({ pattern }) => !namesTwice(pattern));
    const answers = goAnswers(questions);
    const differences = questions.filter(
      (question, at) => JSON.stringify(ownAnswer(question)) !== JSON.stringify(answers[at]),
    );
    recordOracle('identity patterns: Go regexp', questions.length, differences.length);
    expect(differences).toEqual([]);
    // Not by refusing everything.
    expect(answers.filter(({ compiles }) => compiles).length).toBeGreaterThan(RUNS / 10);
  });

  test('of the recorded table have the results of the installed Go', () => {
    const groups = recorded as unknown as readonly Group[];
    const questions = groups.flatMap(({ texts: those, patterns }) =>
      Object.keys(patterns).map((pattern) => ({ pattern, texts: those })),
    );
    const expected = groups.flatMap(({ patterns }) => Object.values(patterns));
    const answers = goAnswers(questions).map(({ compiles, matches }) =>
      compiles ? matches.map((each) => (each ? '1' : '0')).join('') : 'refused',
    );
    const differences = questions.filter((_, at) => answers[at] !== expected[at]);
    const asked = questions.reduce((sum, { texts: those }) => sum + those.length, 0);
    recordOracle('recorded patterns: Go regexp', asked, differences.length);
    expect(differences).toEqual([]);
    expect(asked).toBeGreaterThan(300);
  });
});

test('an exact text, as an expression, matches itself in Go and nothing else', () => {
  const text = fc.string({ unit: 'grapheme-ascii', maxLength: 12 });
  const made = fc.sample(fc.tuple(text, text), { numRuns: 2_000, seed: 14 });
  const questions = made.map(([own, other]) => ({
    pattern: `^${literalPattern(own)}$`,
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
