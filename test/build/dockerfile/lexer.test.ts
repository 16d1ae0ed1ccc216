import { lex, WordError } from '../../../src/build/dockerfile';

const VALUES: Readonly<Record<string, string>> = { V: 'v1.2/x', E: '', S: 'a b', N: 'x\ny' };
const lookup = (name: string) => (Object.hasOwn(VALUES, name) ? VALUES[name] : undefined);
const text = (word: string, escape?: string) =>
  lex(word, lookup, escape === undefined ? {} : { escape }).text;

test.each<[string, string]>([
  ['$V-${V}', 'v1.2/x-v1.2/x'],
  ['$', '$'],
  ['$.', '$.'],
  ['$1a', 'a'],
  ['$@x', 'x'],
  ['${U-d}${E-d}${E:-d}', 'dd'],
  ['${U+s}${E+s}${E:+s}${V:+s}', 'ss'],
  ['${V?}${E?}', 'v1.2/x'],
  ['${V#v}', '1.2/x'],
  ['${V#*.}', '2/x'],
  ['${V##*?}', ''],
  ['${V%/*}', 'v1.2'],
  ['${V%%?*}', ''],
  ['${V%z}', 'v1.2/x'],
  ['${V/1/2}', 'v2.2/x'],
  ['${V/z/2}', 'v1.2/x'],
  ['${V//?/.}', '......'],
  ['${V/\\//-}', 'v1.2-x'],
  ['${V//\\*/-}', 'v1.2/x'],
  ['${V//[/-}', 'v1.2/x'],
  ['${V//1/\\$0$0}', 'v\\1.2/x'],
  ['${V//1/\\$x}', 'v\\.2/x'],
  ['${V//*/-}', '-'],
  ['${E//*/-}', '-'],
  ['${U/a/b}', ''],
  ['${N#*}', 'x\ny'],
  ['${N##*}', '\ny'],
  ['${U:-${U:-"x y"}}', 'x y'],
  ["${U:-'}'}", '}'],
  ['${U:-\\}}', '}'],
  ['\'$V\'"$V"', '$Vv1.2/x'],
  ['"a\\"b\\$c\\d\\\\"', 'a"b$c\\d\\'],
  ['a\\bc\\', 'abc'],
  ['<<<', '<<<'],
  ['\uFEFFa', 'a'],
])('%s', (word, expected) => {
  expect(text(word)).toBe(expected);
});

test('another escape character', () => {
  expect(text('a`b\\c', '`')).toBe('ab\\c');
  expect(text('"`$V`x"', '`')).toBe('$V`x');
});

test.each([
  ...['${', '${}', '${{', '${:}', '${V', '${V:', '${V:}', '${V^}', '${V:#x}', '${V/x}', '${V/x/y'],
  ...[
    '${V#\\a}',
    '${U?}',
    '${E:?}',
    "'a",
    '"a',
    '"${',
    `${'${A:-'.repeat(600)}x${'}'.repeat(600)}`,
  ],
])('%s is refused', (word) => {
  expect(() => text(word)).toThrow(WordError);
});

test('a message does not contain the value of a variable', () => {
  expect(() => lex('${U:?$V}', () => undefined)).toThrow(/^U is required$/);
  expect(() => lex('${U:?$P}', (name) => (name === 'P' ? 'canary-argument' : undefined))).toThrow(
    /^U is required$/,
  );
});

test('words are split at white space that is neither quoted nor escaped', () => {
  expect(lex(' a  $S "b c" d\\ e ', lookup).words).toEqual(['a', 'a', 'b', 'b c', 'd e']);
});

test('quotes, escapes and variables that are not set can be kept', () => {
  const kept = { keepsQuotes: true, keepsEscapes: true, keepsUnset: true };
  const word = '"a"\'b\'\\c $U ${U} ${U:-x} ${U/a/b} << EOF "\\d\\""';
  expect(lex(word, () => undefined, kept).text).toBe(
    '"a"\'b\'\\c $U ${U} ${U:-x} ${U/a/b} << EOF "\\\\d\\""',
  );
});
