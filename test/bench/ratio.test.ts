import { mean, median, ratio, rounded, spread } from '../../bench/ratio';

test('a ratio is shown with three significant digits, however small it is', () => {
  expect(rounded(ratio(1, 3))).toBe(0.333);
  expect(rounded(ratio(1, 3000))).toBe(0.000333);
  expect(rounded(ratio(7, 7))).toBe(1);
  expect(rounded(0)).toBe(0);
});

test('a comparison with zero or NaN is rejected', () => {
  expect(() => ratio(1, 0)).toThrow('nothing was measured');
  expect(() => ratio(1, Number.NaN)).toThrow('nothing was measured');
});

test('the median is the middle, or between the two in the middle', () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([10, 2, 4, 1])).toBe(3);
  expect(median([8])).toBe(8);
  expect(() => median([])).toThrow('nothing was measured');
});

test('the mean includes each value', () => {
  expect(mean([9, 1, 5])).toBe(5);
  expect(() => mean([])).toThrow('nothing was measured');
});

test('the spread is the largest over the smallest, of at least two values', () => {
  expect(spread([2, 3, 2.5])).toBe(1.5);
  expect(() => spread([2])).toThrow('two sizes');
});
