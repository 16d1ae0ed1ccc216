import { SharedWork } from '../../src/source/source-cache';

test('callers share work that has not started yet, and no other work', async () => {
  const shared = new SharedWork<number>();
  const ends: (() => void)[] = [];
  let begun = 0;
  const work = (): Promise<number> => {
    const number = ++begun;
    return new Promise((resolve) => ends.push(() => resolve(number)));
  };
  const first = [shared.run('a', work), shared.run('a', work)];
  await new Promise(setImmediate);
  expect(begun).toBe(1);
  const later = [shared.run('a', work), shared.run('a', work), shared.run('a', work)];
  const other = shared.run('b', work);
  await new Promise(setImmediate);
  // Of one key one at a time.
  expect(begun).toBe(2);
  for (const end of ends.splice(0)) end();
  await new Promise(setImmediate);
  for (const end of ends.splice(0)) end();
  expect(await Promise.all(first)).toEqual([1, 1]);
  expect(await other).toBe(2);
  expect(await Promise.all(later)).toEqual([3, 3, 3]);
});

test('a failure is that of its callers, and of no later ones', async () => {
  const shared = new SharedWork<number>();
  const failed = shared.run('a', () => Promise.reject(new Error('broken')));
  await expect(failed).rejects.toThrow('broken');
  expect(await shared.run('a', () => Promise.resolve(1))).toBe(1);
});
