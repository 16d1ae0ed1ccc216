import { IgnoreFileError, IgnoreRules, readRules } from '../../../src/build/ignore';

const rules = (text: string) => new IgnoreRules(readRules(Buffer.from(text)));

/** Matches folder by folder, as a walk does. */
function ignores(text: string, path: string): boolean {
  const ignoreRules = rules(text);
  let verdict = { ignored: false, matches: undefined as readonly boolean[] | undefined };
  const parts = path.split('/');
  for (const index of parts.keys()) {
    verdict = ignoreRules.match(parts.slice(0, index + 1).join('/'), verdict.matches);
  }
  return verdict.ignored;
}

test.each<[string, string, boolean]>([
  ['a', 'a', true],
  ['a', 'A', false],
  ['a', 'a/b/c', true],
  ['a', 'b/a', false],
  ['/a', 'a', true],
  ['./a', 'a', true],
  ['b/../a/', 'a', true],
  ['  a \t', 'a', true],
  ['\uFEFFa', 'a', true],
  ['#a', '#a', false],
  [' #a', '#a', true],
  ['\\#a', '#a', true],
  ['/', 'a', false],
  ['.', 'a', false],
  ['*', 'a/b', true],
  ['*.log', 'a/x.log', false],
  ['**/*.log', 'a/b/x.log', true],
  ['**.log', 'a/x.log', true],
  ['a/**', 'a', false],
  ['a/**', 'a/b/c', true],
  ['a**', 'ab/c', true],
  ['a/**/c', 'a/c', true],
  ['a/**/c', 'a/b/x/c', true],
  ['**', 'a', true],
  ['a?c', 'abc', true],
  ['a?c', 'a/c', false],
  ['[a-c]x', 'bx', true],
  ['[^a]x', 'ax', false],
  ['a\\*', 'a*', true],
  ['a\\*', 'ab', false],
  ['a+(b).$', 'a+(b).$', true],
  ['a+*', 'a+b', true],
  ['a|b*', 'xbx', true],
  ['*\n!a', 'a', false],
  ['*\n! a', 'a/b', false],
  ['a\n!a/b', 'a/b', false],
  ['a\n!a/b', 'a/c', true],
  ['!a\na', 'a', true],
  ['a/b\n!a', 'a/b', true],
  ['*\n!**/keep', 'x/y/keep', false],
])('%j on %s: %s', (text, path, expected) => {
  expect(ignores(text, path)).toBe(expected);
});

test.each([
  ['ok\n!', /^line 2: invalid pattern `!`: there is no pattern after "!"$/],
  ['[', /^line 1: invalid pattern `\[`$/],
  ['a*[]b', undefined],
  ['.[]b', /line 1/],
  ['a*\\', undefined],
  ['.\\', /line 1/],
  ['.[a-', /line 1/],
  ['[^', /line 1/],
  ['*[-]', /line 1/],
  [`a\n${'x'.repeat(65_536)}`, /^line 2: longer than 65535 bytes$/],
])('%j is rejected if builders reject it', (text, message) => {
  if (message === undefined) expect(() => readRules(Buffer.from(text))).not.toThrow();
  else expect(() => readRules(Buffer.from(text))).toThrow(message);
});

test('a pattern that cannot be compiled is refused when it is first compared', () => {
  const ignoreRules = rules('never\n!a[b-a]\na\\1');
  expect(() => ignoreRules.match('x')).toThrow(IgnoreFileError);
  expect(() => ignoreRules.match('x')).toThrow(/^line 3: invalid pattern `a\\1`/);
});

test('a pattern that is not UTF-8 is shown by its escapes', () => {
  expect(() => readRules(Buffer.from('[\xe9', 'latin1'))).toThrow('"[\\udce9"');
});
