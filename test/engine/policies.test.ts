import { enginesUnderTest } from '../../dev/engine/under-test';
import { openStage, saidBy, SCENARIO, type Stage } from './support/stage';

const IMAGE = `registry.example.com/team/app@sha256:${'a'.repeat(64)}`;
const SIGNERS = {
  identities: [{ identity: 'https://ci.example.test/job', issuer: 'https://ci.example.test' }],
  images: ['registry.example.com/team/*'],
};

/** Each policy, as a program in another language declares it, and the kinds of the objects that it registers. */
const POLICIES: readonly (readonly [string, object, readonly RegExp[]])[] = [
  [
    'AdmissionPolicy',
    { images: { $late: [IMAGE] }, namespaces: ['production'], action: 'Warn' },
    [/ValidatingAdmissionPolicy\b/, /ValidatingAdmissionPolicyBinding/],
  ],
  ['KyvernoPolicy', SIGNERS, [/ImageValidatingPolicy/]],
  ['KyvernoClusterPolicy', SIGNERS, [/ClusterPolicy/]],
  ['PolicyControllerPolicy', SIGNERS, [/ClusterImagePolicy/]],
  [
    'FluxVerification',
    { ...SIGNERS, images: ['registry.example.com/team/app'], namespace: 'apps' },
    [/OCIRepository/],
  ],
];

const MISTAKES: readonly (readonly [string, string, object, RegExp])[] = [
  ['a misspelt member', 'KyvernoPolicy', { ...SIGNERS, anotations: {} }, /anotations.*annotations/],
  ['a wrong action', 'AdmissionPolicy', { images: [IMAGE], action: 'Stop' }, /action/],
  [
    'images by tag',
    'AdmissionPolicy',
    { images: ['registry.example.com/app:v1'] },
    /: images\[0\]: must be .*\[INPUT_INVALID\]/,
  ],
  [
    'images by tag that are known later',
    'AdmissionPolicy',
    { images: { $late: ['registry.example.com/app:v1'] } },
    /: images\[0\]: must be .*\[INPUT_INVALID\]/,
  ],
  [
    'a key that is none and is known later',
    'KyvernoPolicy',
    { images: ['registry.example.com/*'], keys: { $late: ['nokey'] } },
    /: keys\[0\]: must be .*\[INPUT_INVALID\]/,
  ],
  [
    'an output that decides which objects there are',
    'AdmissionPolicy',
    { images: [IMAGE], namespaces: { $late: ['production'] } },
    /namespaces.*must be known/,
  ],
  ['nobody is trusted', 'FluxVerification', { images: ['registry.example.com/a'] }, /keys/],
];

// The objects are recorded on both engines: the scenarios of test/enforce/real apply them to a cluster.
describe.each(enginesUnderTest())(
  'a policy for a cluster as a remote component, on the $engine engine',
  (kind) => {
    let stage: Stage;

    beforeAll(async () => {
      stage = await openStage();
    });
    afterAll(() => stage.close());

    it.each(POLICIES)(
      '%s registers its objects, and nothing in a second update',
      async (policy, args, kinds) => {
        stage.declare({ use: 'remote', policies: { guard: { $type: policy, ...args } } });
        const engine = stage.stack(kind);
        const up = await engine.up();
        expect(up.errors).toEqual([]);
        const types = up.steps.map(({ type }) => type).join();
        for (const expected of kinds) expect(types).toMatch(expected);
        const again = await engine.up();
        expect(again.errors).toEqual([]);
        expect(again.steps.filter(({ op }) => op !== 'same')).toEqual([]);
      },
      SCENARIO,
    );

    it(
      'is not blamed for a mistake in another one, which has a code',
      async () => {
        const images = { $late: ['registry.example.com/app:v1'] };
        const right = { $type: 'KyvernoPolicy', ...SIGNERS };
        stage.declare({
          use: 'remote',
          policies: { wrong: { $type: 'AdmissionPolicy', images }, right },
        });
        const up = await stage.stack(kind).up();
        expect(up.ok).toBe(false);
        const about = up.errors.filter((line) => line.includes('images[0]'));
        expect(about.length).toBeGreaterThan(0);
        for (const line of about) {
          expect(line).toMatch(/\[INPUT_INVALID\]/);
          expect(line).not.toMatch(/KyvernoPolicy|'right'/);
        }
      },
      SCENARIO,
    );

    it.each(MISTAKES)(
      'refuses a mistake on its property: %s',
      async (_what, policy, args, expected) => {
        stage.declare({ use: 'remote', policies: { guard: { $type: policy, ...args } } });
        const up = await stage.stack(kind).up();
        expect(up.ok).toBe(false);
        expect(saidBy(up)).toMatch(expected);
        // Once, and not for each of its objects.
        expect(saidBy(up)).not.toContain('error serializing');
      },
      SCENARIO,
    );
  },
);
