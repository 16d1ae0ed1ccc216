import {
  buildFingerprint,
  type BuildInputs,
  changesBetween,
  resolveBases,
  UNKNOWN_BASE,
} from '../../src/build';
import { digestOf } from '../../src/oci/digest';

const digest = (text: string) => digestOf(Buffer.from(text));
const INPUTS: BuildInputs = {
  context: digest('context'),
  dockerfile: digest('dockerfile'),
  args: { VERSION: '1-very-special' },
  platforms: ['linux/amd64'],
  labels: { l: 'x' },
  bases: { 'alpine:3': digest('alpine') },
};

const why = (change: Partial<BuildInputs>) =>
  changesBetween(buildFingerprint(INPUTS).parts, buildFingerprint({ ...INPUTS, ...change }).parts);

test('the same inputs, in whatever order, have the same fingerprint', () => {
  const one = buildFingerprint({ ...INPUTS, args: { A: '1', B: '2' } });
  const two = buildFingerprint({ ...INPUTS, args: { B: '2', A: '1' } });
  expect(two).toEqual(one);
  expect(why({})).toEqual([]);
});

test.each<[Partial<BuildInputs>, readonly string[]]>([
  [{ context: digest('other') }, ['context changed']],
  [{ dockerfile: digest('other') }, ['dockerfile changed']],
  [{ target: 't' }, ['target changed']],
  [{ platforms: ['linux/amd64', 'linux/arm64'] }, ['platforms changed']],
  [{ args: { VERSION: '2' } }, ['argument VERSION changed']],
  [{ args: {} }, ['argument VERSION removed']],
  [{ args: { ...INPUTS.args, NEW: '' } }, ['argument NEW added']],
  [{ labels: { l: 'y' } }, ['label l changed']],
  [{ bases: { 'alpine:3': digest('new') } }, ['base alpine:3 changed']],
  [{ bases: {} }, ['base alpine:3 removed']],
])('%j makes a build run again, and says why', (change, expected) => {
  expect(why(change)).toEqual(expected);
  expect(buildFingerprint({ ...INPUTS, ...change }).value).not.toBe(buildFingerprint(INPUTS).value);
});

test('values of arguments are not shown', () => {
  expect(JSON.stringify(buildFingerprint(INPUTS))).not.toContain('very-special');
});

test('a base of which nothing is known is no reason to build', () => {
  const unknown = { bases: { 'alpine:3': UNKNOWN_BASE } };
  expect(why(unknown)).toEqual([]);
  const before = buildFingerprint({ ...INPUTS, ...unknown }).parts;
  expect(changesBetween(before, buildFingerprint(INPUTS).parts)).toEqual([]);
});

describe('base images', () => {
  const pinned = `a@${digest('a')}`;
  const resolve = async (image: string) => {
    if (image === 'down') throw new Error('registry is down');
    return image === 'gone' ? undefined : digest(image);
  };

  test('stand for digests; one that is pinned is not looked up', async () => {
    const asked: string[] = [];
    const { bases, warnings } = await resolveBases({
      images: ['b:1', pinned],
      resolve: (image) => {
        asked.push(image);
        return resolve(image);
      },
    });
    expect(bases).toEqual({ 'b:1': digest('b:1'), [pinned]: digest('a') });
    expect(warnings).toEqual([]);
    expect(asked).toEqual(['b:1']);
  });

  test('that cannot be looked up keep what was known, with a warning', async () => {
    const { bases, warnings } = await resolveBases({
      images: ['down', 'gone'],
      resolve,
      previous: { 'base down': digest('old') },
    });
    expect(bases).toEqual({ down: digest('old'), gone: UNKNOWN_BASE });
    expect(warnings).toEqual([
      expect.stringMatching(/down.*registry is down/),
      expect.stringMatching(/gone.*does not exist in its registry/),
    ]);
  });
});
