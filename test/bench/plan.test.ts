import { FULL, QUICK, readPlan, sizesOf } from '../../bench/plan';

test('the full plan is the default', () => {
  expect(readPlan([])).toBe(FULL);
  expect(readPlan(['--quick'])).toBe(QUICK);
});

test('a limit keeps the smaller sizes, and the run is marked as `part`', () => {
  expect(readPlan(['--images', '10'])).toMatchObject({
    run: 'part',
    beside: [1, 10],
    real: [10],
    unchanged: [1],
  });
  expect(readPlan(['--images', '9'])).toMatchObject({ beside: [1], real: [] });
});

test('sizes that cosign measures too run one and eight at a time, the others eight at a time', () => {
  const sizes = sizesOf({ beside: [1, 20], alone: [10] }, [20]);
  expect(sizes).toEqual([
    { images: 1, atOnce: 1, beside: true, warm: false },
    { images: 10, atOnce: 8, beside: false, warm: false },
    { images: 20, atOnce: 1, beside: true, warm: true },
    { images: 20, atOnce: 8, beside: true, warm: true },
  ]);
});

test('the quick plan measures each pace target, and two sizes for the constant cost', () => {
  const sizes = sizesOf(QUICK, QUICK.warm.key ?? []);
  const theirs = sizes.filter(({ beside, images }) => beside && images > 1);
  expect(theirs.map(({ atOnce }) => atOnce).sort()).toEqual([1, 8]);
  const warm = sizes.filter((size) => size.warm && size.images >= 10 && size.atOnce === 8);
  expect(warm.length).toBeGreaterThan(1);
});

test.each(['0', 'many', '1.5'])('a limit of %s is rejected', (limit) => {
  expect(() => readPlan(['--images', limit])).toThrow('--images is a whole number');
});

test('an unknown option is rejected', () => {
  expect(() => readPlan(['--fast'])).toThrow('--fast');
});
