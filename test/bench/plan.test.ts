import { FULL, QUICK, readPlan } from '../../bench/plan';

test('all is measured unless less is asked for', () => {
  expect(readPlan([])).toBe(FULL);
  expect(readPlan(['--quick'])).toBe(QUICK);
});

test('a limit leaves the smaller sizes, and the run is told as a part', () => {
  expect(readPlan(['--images', '10'])).toMatchObject({
    run: 'part',
    beside: [1, 10],
    unchanged: [1],
  });
});

test.each(['0', 'many', '1.5'])('a limit of %s is none', (limit) => {
  expect(() => readPlan(['--images', limit])).toThrow('--images is a whole number');
});

test('an option that is none is refused', () => {
  expect(() => readPlan(['--fast'])).toThrow('--fast');
});
