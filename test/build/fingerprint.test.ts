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

test('the same inputs in any order have the same fingerprint', () => {
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
  [{ contexts: { shared: 'docker-image://a' } }, ['context shared added']],
  [{ network: 'none' }, ['network added']],
  [{ addHosts: { 'a.test': '192.0.2.1' } }, ['host a.test added']],
  [{ sbom: true }, ['sbom added']],
])('%j causes a rebuild with a reason', (change, expected) => {
  expect(why(change)).toEqual(expected);
  expect(buildFingerprint({ ...INPUTS, ...change }).value).not.toBe(buildFingerprint(INPUTS).value);
});

test('inputs that are not declared have no part, so that an existing build is not repeated', () => {
  expect(buildFingerprint({ ...INPUTS, addHosts: {}, sbom: false })).toEqual(
    buildFingerprint(INPUTS),
  );
});

test('values of arguments are not shown', () => {
  expect(JSON.stringify(buildFingerprint(INPUTS))).not.toContain('very-special');
});

test('a base with an unknown digest does not cause a rebuild', () => {
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

  test('are resolved to digests; a pinned one is not resolved', async () => {
    const resolved: string[] = [];
    const { bases, warnings } = await resolveBases({
      images: ['b:1', pinned],
      resolve: (image) => {
        resolved.push(image);
        return resolve(image);
      },
    });
    expect(bases).toEqual({ 'b:1': digest('b:1'), [pinned]: digest('a') });
    expect(warnings).toEqual([]);
    expect(resolved).toEqual(['b:1']);
  });

  test('that cannot be resolved keep the known digest, with a warning', async () => {
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
