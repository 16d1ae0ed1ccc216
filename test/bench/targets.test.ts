import type { Measurements } from '../../bench/measurements';
import type { Batch } from '../../bench/pace';
import { REAL } from '../../bench/plan';
import { resultsOf, seriesOf } from '../../bench/summary';
import { targetOf, targetsOf } from '../../bench/targets';
import { trafficOf } from '../../bench/traffic';

const QUIET = trafficOf([], []);

function batch(change: Partial<Batch>): Batch {
  const part = { time: 0, traffic: QUIET };
  return {
    by: 'plugin',
    signer: 'key',
    images: 100,
    atOnce: 8,
    state: 'cold',
    signing: part,
    verifying: part,
    traffic: QUIET,
    time: 1000,
    peakMegabytes: 150,
    derivations: { aside: 1, blocking: 0 },
    ...change,
  };
}

/** A run that meets all targets. */
function passingRun(): Measurements {
  const traffic = { ...QUIET, fulcio: 1 };
  const both = (signer: Batch['signer'], time: number): Batch[] => [
    batch({ signer, traffic }),
    batch({ signer, by: 'cosign', atOnce: 1, time: time * 2 }),
    batch({ signer, by: 'cosign', time }),
  ];
  const all = { ...QUIET, requests: 9 };
  return {
    batches: [
      ...both('key', 10_000),
      ...both('keyless', 4000),
      batch({ state: 'warm', images: 10, time: 100 }),
      batch({ state: 'warm', images: 500, time: 5500 }),
    ],
    requests: [true, false].flatMap((referrersApi) =>
      [true, false].map((provenance) => ({
        by: 'plugin' as const,
        referrersApi,
        provenance,
        signing: 5,
        all,
        lines: [],
      })),
    ),
    unchanged: [true, false].map((always) => ({
      images: 100,
      always,
      traffic: { ...QUIET, requests: always ? 200 : 0 },
      time: 500,
      first: 1000,
      lines: [],
    })),
    starts: { plugin: 120, empty: 100 },
  };
}

const unmet = (measured: Measurements): readonly string[] =>
  targetsOf(measured)
    .filter(({ met }) => !met)
    .map(({ name }) => name);

test('a target is met at its bound, and not above it', () => {
  const bound = { name: 'n', unit: 'requests', most: 9 };
  expect(targetOf({ ...bound, measured: 9 })).toEqual({
    name: 'n',
    goal: 'at most 9 requests',
    measured: '9 requests',
    met: true,
  });
  expect(targetOf({ ...bound, measured: 9.01, on: '3 images' })).toMatchObject({
    measured: '9.01 requests (3 images)',
    met: false,
  });
});

test('values are rounded in the output and compared unrounded', () => {
  const target = targetOf({ name: 'n', unit: 'times', most: 1.2, measured: 1.2004 });
  expect(target).toMatchObject({ measured: '1.2 times', met: false });
});

test('a target without a measurement is not met', () => {
  const target = targetOf({ name: 'n', unit: 'MB', most: 9, measured: undefined });
  expect(target).toMatchObject({ measured: 'not measured', met: false });
});

test('a run within all limits meets all targets', () => {
  expect(unmet(passingRun())).toEqual([]);
});

test('each target name is unique', () => {
  const names = targetsOf(passingRun()).map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

test('the pace is that of 100 images if they were measured, including the start', () => {
  const run = passingRun();
  const slow = batch({ time: 1001 });
  const batches = [slow, ...run.batches.slice(1)];
  expect(unmet({ ...run, batches })).toEqual(['key, compared with cosign one at a time']);
  const more = batch({ by: 'cosign', atOnce: 1, images: 500, time: 1 });
  expect(unmet({ ...run, batches: [...run.batches, more] })).toEqual([]);
  const alone = batch({ images: 500, time: 1e9 });
  expect(unmet({ ...run, batches: [...run.batches, alone] })).toEqual([]);
});

test("cosign's time for an image is that of its largest batch, independent of the plugin's batch", () => {
  const run = passingRun();
  const ours = run.batches.filter(({ by, signer }) => by === 'plugin' && signer === 'key');
  const theirs = [
    batch({ by: 'cosign', atOnce: 1, images: 1, time: 1 }),
    batch({ by: 'cosign', atOnce: 1, images: 8, time: 1600 }),
    batch({ by: 'cosign', images: 8, time: 640 }),
  ];
  const paces = targetsOf({ ...run, batches: [...ours, ...theirs] }).slice(0, 3);
  expect(paces.map(({ measured, met }) => ({ measured, met }))).toEqual([
    { measured: "0.05 of cosign's time (images: 100, start included; cosign: 8)", met: true },
    { measured: "0.125 of cosign's time (images: 100, start included; cosign: 8)", met: true },
    { measured: 'not measured', met: false },
  ]);
});

test('the time with the real services is a separate cost, and their requests are not counted', () => {
  const run = passingRun();
  const real = [
    batch({ signer: REAL, by: 'cosign', atOnce: 1, images: 10, time: 30_000 }),
    batch({ signer: REAL, images: 10, time: 6000 }),
  ];
  const results = resultsOf('part', { ...run, batches: [...run.batches, ...real] });
  const ours = results.batches.at(-1);
  expect(ours).toMatchObject({ signer: REAL, cost: 0.2 });
  expect(ours).not.toHaveProperty('fulcioRequests');
  expect(results.batches[0]).toHaveProperty('fulcioRequests');
  expect(results.targets).toEqual(resultsOf('part', run).targets);
});

test('a cost that grows with the number of images misses the target', () => {
  const run = passingRun();
  const dear = batch({ state: 'warm', images: 100, time: 1300 });
  expect(unmet({ ...run, batches: [...run.batches, dear] })).toEqual([
    'most expensive image over the cheapest, from 10 images on',
  ]);
});

test('one write or one request in an update with nothing to do misses the target', () => {
  const run = passingRun();
  const [, quiet] = run.unchanged;
  if (!quiet) throw new Error('the run has none');
  const traffic = { ...QUIET, requests: 1, writes: 1 };
  expect(unmet({ ...run, unchanged: [...run.unchanged, { ...quiet, traffic }] })).toEqual([
    'update with nothing to do: writes',
    'update with nothing to do',
  ]);
});

test('an empty run does not meet any target', () => {
  const empty = { batches: [], requests: [], unchanged: [], starts: { plugin: 2, empty: 1 } };
  expect(targetsOf(empty).filter(({ met }) => met)).toEqual([]);
});

test('the results contain ratios and counts, and no times', () => {
  const results = resultsOf('part', passingRun());
  const cosign = results.batches.find(({ by, atOnce }) => by === 'cosign' && atOnce === 1);
  expect(cosign?.cost).toBe(1);
  expect(results.batches[0]?.cost).toBe(0.05);
  expect(results.unchanged[0]?.cost).toBe(0.5);
  expect(JSON.stringify(results)).not.toMatch(/"(time|first|start)":/);
});

test('the plot has a line for each cold combination, and one for the warm process', () => {
  const names = seriesOf(resultsOf('part', passingRun())).map(({ name }) => name);
  expect(names).toEqual([
    'plugin, key, 8 at a time',
    'cosign, key, 1 at a time',
    'cosign, key, 8 at a time',
    'plugin, keyless, 8 at a time',
    'cosign, keyless, 1 at a time',
    'cosign, keyless, 8 at a time',
    'plugin, key, 8 at a time, warm',
  ]);
});
