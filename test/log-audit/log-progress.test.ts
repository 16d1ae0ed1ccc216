import { createProgressLine, progressText } from '../../src/log-audit';

describe('progressText', () => {
  it.each([
    [{ done: 500, total: 1000 }, 10_000, '500 of 1000 entries (50 %), 50 per second, 10 s left'],
    [{ done: 1000, total: 1000 }, 1000, '1000 of 1000 entries (100 %), 1000 per second, 0 s left'],
    [
      { done: 10, total: 100_000 },
      1000,
      '10 of 100000 entries (0 %), 10 per second, 2 h 47 min left',
    ],
    [
      { done: 600, total: 12_600 },
      60_000,
      '600 of 12600 entries (4 %), 10 per second, 20 min left',
    ],
    [{ done: 0, total: 0 }, 0, '0 of 0 entries (100 %), 0 per second'],
  ])('formats %j', (progress, elapsed, text) => {
    expect(progressText(progress, elapsed)).toBe(text);
  });
});

it('a line of progress is replaced at most twice in a second, and removed at the end', () => {
  let time = 0;
  let text = '';
  const line = createProgressLine(
    (part) => (text += part),
    () => time,
  );
  for (time = 1000; time <= 2000; time += 100) line.onProgress({ done: time, total: 4000 });
  line.end();
  expect(text.match(/per second/g)).toHaveLength(3);
  expect(text.endsWith('\r\u001b[K')).toBe(true);
});
