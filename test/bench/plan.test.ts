import { FULL, QUICK, readPlan, sizesOf } from '../../bench/plan';

test('all is measured unless less is asked for', () => {
  expect(readPlan([])).toBe(FULL);
  expect(readPlan(['--quick'])).toBe(QUICK);
});

test('a limit leaves the smaller sizes, and the run is told as a part', () => {
  expect(readPlan(['--images', '10'])).toMatchObject({
    run: 'part',
    beside: [1, 10],
    real: [10],
    unchanged: [1],
  });
  expect(readPlan(['--images', '9'])).toMatchObject({ beside: [1], real: [] });
});

test('what cosign does too is done one and eight at a time, the rest eight at a time', () => {
  const sizes = sizesOf({ beside: [1, 20], alone: [10] }, [20]);
  expect(sizes).toEqual([
    { images: 1, atOnce: 1, beside: true, warm: false },
    { images: 10, atOnce: 8, beside: false, warm: false },
    { images: 20, atOnce: 1, beside: true, warm: true },
    { images: 20, atOnce: 8, beside: true, warm: true },
  ]);
});

test('the quick run has a pace for each target, and two sizes for a flat cost', () => {
  const sizes = sizesOf(QUICK, QUICK.warm.key ?? []);
  const theirs = sizes.filter(({ beside, images }) => beside && images > 1);
  expect(theirs.map(({ atOnce }) => atOnce).sort()).toEqual([1, 8]);
  const warm = sizes.filter((size) => size.warm && size.images >= 10 && size.atOnce === 8);
  expect(warm.length).toBeGreaterThan(1);
});

test.each(['0', 'many', '1.5'])('a limit of %s is none', (limit) => {
  expect(() => readPlan(['--images', limit])).toThrow('--images is a whole number');
});

test('an option that is none is refused', () => {
  expect(() => readPlan(['--fast'])).toThrow('--fast');
});
