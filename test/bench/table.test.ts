import { NOT_COUNTED, table } from '../../bench/table';

test('numbers are right-aligned and words left-aligned, under their headings', () => {
  const rows = [
    ['plugin', 9],
    ['cosign', 1234],
  ];
  expect(table(['by', 'n'], rows).split('\n')).toEqual([
    'by         n',
    '------  ----',
    'plugin     9',
    'cosign  1234',
  ]);
});

test('a value that was not counted is right-aligned, like a number', () => {
  expect(table(['n'], [[100], [NOT_COUNTED]]).split('\n')).toEqual(['  n', '---', '100', '  -']);
});

test('a column with a word among the numbers is left-aligned', () => {
  expect(table(['n'], [[1], ['none']]).split('\n')).toEqual(['n', '----', '1', 'none']);
});
