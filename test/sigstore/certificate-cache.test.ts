import { inspect } from 'node:util';

import type { SignatureBundle } from '@sigstore/sign';

import type { CertifiedKey } from '../../src/sign';
import { createCertificateCache, observedWitness } from '../../src/sigstore';

const NOON = Date.parse('2026-01-02T12:00:00Z');
const MINUTE = 60_000;
const MARGIN = 2 * MINUTE;

let issued = 0;

/** A certificate as an authority issues it, for ten minutes by its clock. */
function certified(from = NOON, until = from + 10 * MINUTE): CertifiedKey {
  issued += 1;
  return {
    certificate: `certificate ${issued}`,
    identity: undefined,
    notBefore: new Date(from),
    notAfter: new Date(until),
    sign: (data) => data,
  };
}

/** Two clocks, which go together until one is set. */
function clocks() {
  const at = { day: NOON, elapsed: 5_000 };
  return {
    at,
    pass: (milliseconds: number): void => {
      at.day += milliseconds;
      at.elapsed += milliseconds;
    },
    now: () => new Date(at.day),
    elapsed: () => at.elapsed,
  };
}

const issue = (key = certified()) => jest.fn(() => Promise.resolve(key));
const never = jest.fn(() => Promise.reject<CertifiedKey>(new Error('requested')));

test('a certificate is used again as long as it is valid for the margin', async () => {
  const time = clocks();
  const cache = createCertificateCache(time);
  const first = await cache.obtain('a', MARGIN, issue());
  time.pass(7.9 * MINUTE);
  expect(await cache.obtain('a', MARGIN, never)).toBe(first);
  time.pass(0.2 * MINUTE);
  expect(cache.find('a', MARGIN)).toBeUndefined();
  const second = certified(time.at.day);
  expect(await cache.obtain('a', MARGIN, issue(second))).toBe(second);
});

test('it is not used for another identity', async () => {
  const cache = createCertificateCache(clocks());
  await cache.obtain('a', MARGIN, issue());
  const other = certified();
  expect(cache.find('b', MARGIN)).toBeUndefined();
  expect(await cache.obtain('b', MARGIN, issue(other))).toBe(other);
});

test('one that is too short for the margin is used once', async () => {
  const cache = createCertificateCache(clocks());
  const short = certified(NOON, NOON + MINUTE);
  expect(await cache.obtain('a', MARGIN, issue(short))).toBe(short);
  expect(cache.find('a', MARGIN)).toBeUndefined();
});

test('one without readable times is not used again', async () => {
  const cache = createCertificateCache(clocks());
  await cache.obtain('a', MARGIN, issue(certified(Number.NaN)));
  expect(cache.find('a', MARGIN)).toBeUndefined();
});

describe('an expired certificate is not used because of a wrong clock:', () => {
  test('one that is set back', async () => {
    const time = clocks();
    const cache = createCertificateCache(time);
    await cache.obtain('a', MARGIN, issue());
    time.pass(9 * MINUTE);
    time.at.day = NOON - 60 * MINUTE;
    expect(cache.find('a', MARGIN)).toBeUndefined();
  });

  test('one that is behind all the time', async () => {
    const time = clocks();
    time.at.day -= 60 * MINUTE;
    const cache = createCertificateCache(time);
    await cache.obtain('a', MARGIN, issue());
    time.pass(7.9 * MINUTE);
    expect(cache.find('a', MARGIN)).toBeDefined();
    time.pass(0.2 * MINUTE);
    expect(cache.find('a', MARGIN)).toBeUndefined();
  });

  test('one that is ahead: then each signature has its own', async () => {
    const time = clocks();
    time.at.day += 60 * MINUTE;
    const cache = createCertificateCache(time);
    await cache.obtain('a', MARGIN, issue());
    expect(cache.find('a', MARGIN)).toBeUndefined();
  });

  test('one that stops while the machine sleeps', async () => {
    const time = clocks();
    const cache = createCertificateCache(time);
    await cache.obtain('a', MARGIN, issue());
    time.at.day += 60 * MINUTE;
    expect(cache.find('a', MARGIN)).toBeUndefined();
  });

  test('the time that the request took counts', async () => {
    const time = clocks();
    const cache = createCertificateCache(time);
    await cache.obtain('a', MARGIN, () => {
      time.pass(9 * MINUTE);
      return Promise.resolve(certified());
    });
    expect(cache.find('a', MARGIN)).toBeUndefined();
  });
});

describe('a log or timestamp authority that returns', () => {
  test.each([
    ['that it has ended', 11 * MINUTE],
    ['that it has not begun', -MINUTE],
    ['that it ends soon', 9 * MINUTE],
  ])('%s is used', async (_, seen) => {
    const cache = createCertificateCache(clocks());
    const { certificate } = await cache.obtain('a', MARGIN, issue());
    cache.recordTime('another certificate', new Date(NOON + seen));
    expect(cache.find('a', MARGIN)).toBeDefined();
    cache.recordTime(certificate, new Date(NOON + seen));
    expect(cache.find('a', MARGIN)).toBeUndefined();
  });

  test('an earlier time than this machine does not make it last longer', async () => {
    const time = clocks();
    const cache = createCertificateCache(time);
    const { certificate } = await cache.obtain('a', MARGIN, issue());
    time.pass(7 * MINUTE);
    cache.recordTime(certificate, new Date(NOON + MINUTE));
    time.pass(1.1 * MINUTE);
    expect(cache.find('a', MARGIN)).toBeUndefined();
  });
});

test('a dropped certificate is requested again', async () => {
  const cache = createCertificateCache(clocks());
  const { certificate } = await cache.obtain('a', MARGIN, issue());
  cache.forget(certificate);
  const next = issue();
  await cache.obtain('a', MARGIN, next);
  expect(next).toHaveBeenCalledTimes(1);
});

test('concurrent callers share one request; its failure is not cached', async () => {
  const cache = createCertificateCache(clocks());
  let fail: (error: Error) => void = () => undefined;
  const failing = jest.fn(
    () => new Promise<CertifiedKey>((_, reject) => void (fail = (error) => reject(error))),
  );
  const both = [cache.obtain('a', MARGIN, failing), cache.obtain('a', MARGIN, failing)];
  fail(new Error('busy'));
  expect(await Promise.allSettled(both)).toMatchObject([
    { status: 'rejected', reason: { message: 'busy' } },
    { status: 'rejected', reason: { message: 'busy' } },
  ]);
  expect(failing).toHaveBeenCalledTimes(1);
  const good = certified();
  const next = issue(good);
  const three = [1, 2, 3].map(() => cache.obtain('a', MARGIN, next));
  expect(await Promise.all(three)).toEqual([good, good, good]);
  expect(next).toHaveBeenCalledTimes(1);
});

test('nothing of it can be printed', async () => {
  const cache = createCertificateCache(clocks());
  const { certificate } = await cache.obtain('a', MARGIN, issue());
  expect(inspect(cache, { depth: 9, showHidden: true })).not.toContain(certificate);
});

test('it is dropped when it expires, even if it is not requested again', async () => {
  jest.useFakeTimers();
  try {
    const time = clocks();
    const cache = createCertificateCache(time);
    await cache.obtain('a', MARGIN, issue());
    jest.advanceTimersByTime(8 * MINUTE + 1);
    // Though by the clocks it would do.
    expect(cache.find('a', MARGIN)).toBeUndefined();
    await cache.obtain('long', MARGIN, issue(certified(NOON, NOON + 400 * 24 * 60 * MINUTE)));
    jest.advanceTimersByTime(MINUTE);
    expect(cache.find('long', MARGIN)).toBeDefined();
  } finally {
    jest.useRealTimers();
  }
});

test('a timestamp that cannot be read does not affect the certificate', async () => {
  const cache = createCertificateCache(clocks());
  const { certificate } = await cache.obtain('a', MARGIN, issue());
  const material = { rfc3161Timestamps: [{ signedTimestamp: Buffer.from('3003020100', 'hex') }] };
  const witness = observedWitness({ testify: () => Promise.resolve(material) }, cache);
  const content: SignatureBundle = {
    $case: 'dsseEnvelope',
    dsseEnvelope: { payload: Buffer.alloc(0), payloadType: '', signatures: [] },
  };
  expect(await witness.testify(content, certificate)).toBe(material);
  expect(cache.find('a', MARGIN)).toBeDefined();
});
