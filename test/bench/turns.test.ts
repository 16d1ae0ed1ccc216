import { turnsOf } from '../../bench/turns';

test('the one with the fewest images is next, until each has as many as are asked for', () => {
  expect(turnsOf([1, 2, 5], 4)).toEqual([0, 1, 2, 0, 0, 1, 0]);
});

test('each has one batch, however few are asked for', () => {
  expect(turnsOf([10, 100], 1)).toEqual([0, 1]);
  expect(turnsOf([10, 100], 0)).toEqual([0, 1]);
  expect(turnsOf([], 5)).toEqual([]);
});

test('a size that is none is refused, not tried for ever', () => {
  expect(() => turnsOf([10, 0], 5)).toThrow('above zero');
});
