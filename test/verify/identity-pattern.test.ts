import { compilePattern, literalPattern } from '../../src/verify/identity-pattern';
import recorded from './support/go-regexp.json';

interface Group {
  readonly texts: readonly string[];
  /** For each pattern, `1` for each text that Go's anchored pattern matches, or `refused`. */
  readonly patterns: Readonly<Record<string, string>>;
}

// The compiler gives each group the patterns of all as optional members.
const GROUPS = recorded as unknown as readonly Group[];

const answer = (pattern: string, texts: readonly string[]): string => {
  const compiled = compilePattern(pattern);
  return 'fault' in compiled
    ? 'refused'
    : texts.map((text) => (compiled.matches(text) ? '1' : '0')).join('');
};

test('patterns match what they match in Go, or are refused like in Go', () => {
  const differences = GROUPS.flatMap(({ texts, patterns }) =>
    Object.entries(patterns).filter(([pattern, go]) => answer(pattern, texts) !== go),
  );
  expect(differences).toEqual([]);
  const pairs = GROUPS.flatMap(({ texts, patterns }) =>
    Object.values(patterns).flatMap((go) => (go === 'refused' ? [go] : texts)),
  );
  expect(pairs.length).toBeGreaterThan(2_000);
});

test.each([
  ['look-ahead', 'a(?=b)', /invalid or unsupported Perl syntax: `\(\?=`/],
  ['a back-reference', '(a)\\1', /invalid escape sequence: `\\1`/],
  ['a possessive quantifier', 'a++', /invalid nested repetition operator: `\+\+`/],
  ['a group that is not closed', '(a', /missing closing \)/],
  ['a group that closes the anchors', 'a)|(?:x', /unexpected \)/],
  ['quoting that reaches the anchors', '\\Qa', /missing closing \)/],
  ['too many repetitions', '(?:a{100}){11}', /invalid repeat count/],
  ['a group name twice, which only Go takes', '(?P<n>a)(?P<n>b)', /duplicate capture group name/],
  [
    'a category by its long name, which only new versions of Go take',
    '\\p{Letter}',
    /invalid char/,
  ],
  ['half of a character', '\ud83d', /not well-formed Unicode/],
  ['more than 2000 characters', 'a'.repeat(2_001), /longer than 2000 characters/],
])('the reason is given for %s', (_, pattern, reason) => {
  expect(compilePattern(pattern)).toEqual({ fault: expect.stringMatching(reason) as string });
});

test('a pattern that takes exponential time in an engine that backtracks', () => {
  const text = `${'a'.repeat(20_000)}!`;
  for (const pattern of ['(a+)+', '(a|a)*', '(?:a*)*b', '(.*)*x', '([a-z]+)*@acme']) {
    expect(answer(pattern, [text])).toBe('0');
  }
});

test('an exact text as a pattern matches only itself', () => {
  const text = 'https://a.b/(c)|[d]{2}^$\\*+?';
  expect(answer(literalPattern(text), [text, `${text}x`, text.replace('.', 'x')])).toBe('100');
});
