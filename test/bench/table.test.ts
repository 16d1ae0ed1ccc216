import { NOT_COUNTED, table } from '../../bench/table';

test('numbers stand to the right and words to the left, under their heads', () => {
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

test('what was not counted stands to the right, as a number does', () => {
  expect(table(['n'], [[100], [NOT_COUNTED]]).split('\n')).toEqual(['  n', '---', '100', '  -']);
});

test('a column with a word among the numbers is words', () => {
  expect(table(['n'], [[1], ['none']]).split('\n')).toEqual(['n', '----', '1', 'none']);
});
