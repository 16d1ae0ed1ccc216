import { setImmediate } from 'node:timers/promises';

import { onEach } from '../../bench/worker';

test('each image is processed once, and never more at a time than the limit', async () => {
  const done: string[] = [];
  let under = 0;
  let most = 0;
  await onEach(['a', 'b', 'c', 'd', 'e'], 2, async (image) => {
    under += 1;
    most = Math.max(most, under);
    await setImmediate();
    under -= 1;
    done.push(image);
  });
  expect(done.sort()).toEqual(['a', 'b', 'c', 'd', 'e']);
  expect(most).toBe(2);
});

test('a failure rejects', async () => {
  const work = async (image: string): Promise<void> => {
    if (image === 'b') throw new Error('it failed');
  };
  await expect(onEach(['a', 'b'], 1, work)).rejects.toThrow('it failed');
});
