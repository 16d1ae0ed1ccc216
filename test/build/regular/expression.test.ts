import { compileExpression, ExpressionError, hasMatch } from '../../../src/build/regular';

const matches = (expression: string, text: string): boolean =>
  hasMatch(
    compileExpression(expression),
    Array.from(text, (character) => character.codePointAt(0) ?? 0),
  );

test.each<[string, readonly string[], readonly string[]]>([
  ['^a.c$', ['abc', 'a/c'], ['a\nc', 'abcd', 'xabc']],
  ['^[^/]*$', ['', 'ab', 'a\nb'], ['a/b']],
  ['^(.*/)?a$', ['a', 'x/a', 'x/y/a'], ['xa', 'a/x']],
  ['^a|b$', ['ax', 'xb'], ['xax', 'bx']],
  ['b|', ['', 'x'], []],
  ['^[a-c]$', ['a', 'b', 'c'], ['d', '-']],
  ['^[a\\-z]$', ['a', '-', 'z'], ['b']],
  ['^[^a-c]$', ['d', '\n'], ['a']],
  ['^[a-]$', ['a', '-'], ['b']],
  ['^[[:alpha:]_]$', ['a', 'Z', '_'], ['1', ':']],
  ['^[[:^digit:]]$', ['a'], ['1']],
  ['^[[:a]$', ['[', ':', 'a'], ['b']],
  ['^[\\d\\pL]$', ['1', 'é'], ['_']],
  ['^\\d\\D\\s\\S\\w\\W$', ['1a _b.'], ['aa _b.']],
  ['^\\x41\\x{42}\\101\\0$', ['ABA\0'], ['aba']],
  ['^\\t\\n\\.\\*$', ['\t\n.*'], ['tn.*']],
  ['^\\Qa*\\E.$', ['a*b'], ['aab']],
  ['^\\Qa.', ['a.'], ['ab']],
  ['\\Ab', ['b'], ['ab']],
  ['b\\z', ['ab'], ['ba']],
  ['a\\b', ['a', 'a.'], ['ab']],
  ['a\\B', ['ab'], ['a']],
  ['^\\p{Lu}\\PL\\p{^L}\\p{Greek}$', ['A1-α'], ['a1-α']],
  ['^\\pC\\p{Any}$', ['\0x'], ['xx']],
  ['^a{2}$', ['aa'], ['a', 'aaa']],
  ['^a{1,}$', ['a', 'aaa'], ['']],
  ['^a{0,2}$', ['', 'a', 'aa'], ['aaa']],
  ['^a{,2}{$', ['a{,2}{'], ['a']],
  ['^a{02}$', ['a{02}'], ['aa']],
  ['^😀?$', ['😀', ''], ['\uD83D']],
])('%s', (expression, accepted, refused) => {
  expect(accepted.filter((text) => !matches(expression, text))).toEqual([]);
  expect(refused.filter((text) => matches(expression, text))).toEqual([]);
});

test.each([
  ...[
    '[',
    '[a',
    '[b-a]',
    '[[:none:]]',
    '(a',
    'a)',
    '\\',
    '\\é',
    '\\q',
    '\\1',
    '\\8',
    '\\x4',
    '\\x4g',
  ],
  ...['\\x{110000}', '\\x{g}', '\\p{None}', '\\p{^None}', '\\px', '\\C', '\\E', 'a{2}{3}', 'a*{2}'],
  ...['a{1001}', 'a{2,1}', '{2}', 'a|{2}', '[\\q]'],
])('%s is refused', (expression) => {
  expect(() => compileExpression(expression)).toThrow(ExpressionError);
});
