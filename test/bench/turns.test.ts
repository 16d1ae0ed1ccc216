import { turnsOf } from '../../bench/turns';

test('the size with the fewest images is next, until each has the required number', () => {
  expect(turnsOf([1, 2, 5], 4)).toEqual([0, 1, 2, 0, 0, 1, 0]);
});

test('each size has one batch, also for a requirement of zero', () => {
  expect(turnsOf([10, 100], 1)).toEqual([0, 1]);
  expect(turnsOf([10, 100], 0)).toEqual([0, 1]);
  expect(turnsOf([], 5)).toEqual([]);
});

test('a size of zero is rejected instead of repeated for ever', () => {
  expect(() => turnsOf([10, 0], 5)).toThrow('above zero');
});
