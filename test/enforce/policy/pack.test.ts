import { join } from 'node:path';

import {
  type EngineKind,
  type EngineUnderTest,
  enginesUnderTest,
  localEngine,
  type RunOutcome,
} from '../../../dev/engine/under-test';
import { openStage, saidBy, SCENARIO, type Stage } from '../../engine/support/stage';
import { publicPem } from '../admission/support/policies';
import { CUSTOM_WORKLOADS, RENDERED, typeOf } from '../support/custom-workloads';
import { admitted, refused } from '../support/table';
import { kindOf, WORKLOADS } from '../support/workloads';
import { PROGRAM } from './support/program';
import { yamlProgram } from './support/yaml-program';

const PACK = join(__dirname, '..', '..', '..', 'policy');
const POD = 'kubernetes:core/v1:Pod';
const OTHER_DIGEST = `sha256:${'2b'.repeat(32)}`;
const OTHER_COMMIT = '1d'.repeat(20);

type Workload = readonly [name: string, type: string, properties: unknown];

interface Declared {
  readonly workloads: readonly Workload[];
  readonly verified?: unknown;
  readonly remote?: unknown;
  readonly forged?: string;
  readonly library?: readonly Workload[];
  readonly afterwards?: boolean;
}

const ofEveryKind = (image: string): readonly Workload[] =>
  Object.entries(WORKLOADS).map(([type, build]) => [
    kindOf(type).toLowerCase(),
    type,
    build(image),
  ]);

const pod = (name: string, image: string): Workload => [name, POD, WORKLOADS[POD]!(image)];

/** `level policy name` of what policies found. */
const violated = ({ violations }: RunOutcome): readonly string[] =>
  violations.map(({ level, policy, name }) => `${level} ${policy} ${name}`).sort();

/** Names in a state of what runs something. */
async function deployed(stack: EngineUnderTest): Promise<readonly string[]> {
  const state = JSON.parse((await stack.exportState()) || '{}') as {
    readonly resources?: readonly { readonly type: string; readonly urn: string }[];
    readonly deployment?: {
      readonly resources?: readonly { readonly type: string; readonly urn: string }[];
    };
  };
  return (state.resources ?? state.deployment?.resources ?? [])
    .filter(({ type }) => Object.hasOwn(WORKLOADS, type))
    .map(({ urn }) => urn.split('::').at(-1) ?? '')
    .sort();
}

describe.each(enginesUnderTest())('the policy pack on the $engine engine', (kind: EngineKind) => {
  let stage: Stage;
  let signed: string;
  let commit: string;
  let configs = 0;

  /** A new stack with the declared resources and the policy pack. */
  const declare = (declared: Declared, config?: unknown): EngineUnderTest => {
    const verified = { image: signed, keys: [stage.key.publicKey], provenance: { commit } };
    stage.write('declared.json', JSON.stringify({ verified, ...declared }));
    if (config === undefined) return stage.stack(kind, {}, { folder: PACK });
    const name = `policy-${(configs += 1)}.json`;
    stage.write(name, JSON.stringify(config));
    return stage.stack(kind, {}, { folder: PACK, config: name });
  };

  beforeAll(async () => {
    stage = await openStage();
    stage.write('README.md', 'the commit of the image\n');
    commit = stage.commit('what the image is built from');
    const { password, ref } = stage.key;
    stage.declare({
      use: 'local',
      images: {
        app: {
          image: `${stage.registry.host}/team/app`,
          build: { context: 'app' },
          key: { ref, password: { $secret: password } },
        },
      },
    });
    const stack = stage.stack({ engine: 'local', create: localEngine });
    expect((await stack.up()).errors).toEqual([]);
    signed = ((await stack.outputs())['app'] as { readonly imageRef: string }).imageRef;
    stage.write('index.js', PROGRAM);
  }, SCENARIO);
  afterAll(() => stage.close());

  test(
    'admits the verified image in every kind, now and in the next update',
    async () => {
      const stack = declare({ workloads: ofEveryKind('$verified') });
      const up = await stack.up();
      expect([up.ok ? '' : saidBy(up), violated(up)]).toEqual(['', []]);
      expect(await deployed(stack)).toEqual(Object.keys(WORKLOADS).map(nameOf).sort());
      const preview = await stack.preview();
      expect([preview.ok, violated(preview)]).toEqual([true, []]);
      for (const type of Object.keys(WORKLOADS)) admitted(kindOf(type), 'policy pack');
    },
    SCENARIO,
  );

  test(
    'refuses what was not verified in every kind, before anything of it is created',
    async () => {
      const image = signed.replace(/@.*/, `@${OTHER_DIGEST}`);
      const stack = declare({ workloads: ofEveryKind(image) });
      const preview = await stack.preview();
      expect(preview.ok).toBe(false);
      for (const type of Object.keys(WORKLOADS)) {
        const own = preview.violations.filter(({ name }) => name === nameOf(type));
        expect([type, own.map(({ policy, level }) => `${level} ${policy}`)]).toEqual([
          type,
          ['mandatory images-verified'],
        ]);
        expect(own[0]?.message).toContain(image);
        refused(kindOf(type), 'policy pack');
      }
      const up = await stack.up();
      expect(up.ok).toBe(false);
      expect(up.violations.map(({ policy }) => policy)).toContain('images-verified');
      expect(await deployed(stack)).toEqual([]);
    },
    SCENARIO,
  );

  test(
    'reports all violations in a preview, each on its resource',
    async () => {
      const image = signed;
      const stack = declare({
        // Only then the pack has the other verifications of the same digest.
        afterwards: true,
        forged: `registry.example.test/evil@${OTHER_DIGEST}`,
        workloads: [
          pod('tagged', 'nginx:1.27'),
          pod('forged', '$forged'),
          pod('elsewhere', image.replace(/^[^/]+/, 'mirror.example.test')),
          pod('late', '$late'),
          ['nothing', POD, { spec: { containers: [] } }],
          [
            'widget',
            'kubernetes:acme.example/v1:Widget',
            { spec: { template: { spec: { containers: [{ name: 'app', image }] } } } },
          ],
        ],
      });
      const preview = await stack.preview();
      expect(violated(preview)).toEqual([
        'mandatory images-pinned nothing',
        'mandatory images-pinned tagged',
        'mandatory images-pinned widget',
        'mandatory images-verified elsewhere',
        'mandatory images-verified forged',
        'mandatory images-verified nothing',
        'mandatory images-verified tagged',
        'mandatory images-verified widget',
      ]);
      const said = preview.violations.map(({ message }) => message).join('\n');
      expect(said).toContain('spec.containers[0].image "nginx:1.27" is a tag');
      expect(said).toContain('spec.containers has no container');
      expect(said).toContain('not in mirror.example.test/team/app');
    },
    SCENARIO,
  );

  test(
    'checks in the update what a preview does not know, before it is created',
    async () => {
      const stack = declare({ workloads: [pod('late', '$late')] });
      const preview = await stack.preview();
      expect([preview.ok, violated(preview)]).toEqual([true, []]);
      const up = await stack.up();
      expect(up.ok).toBe(false);
      expect(violated(up)).toContain('mandatory images-pinned late');
      expect(await deployed(stack)).toEqual([]);
    },
    SCENARIO,
  );

  test(
    'requires the reference itself and not a copy of its text, and reports that at the end',
    async () => {
      const stack = declare({ afterwards: true, workloads: [pod('copied', signed)] });
      const up = await stack.up();
      expect(up.ok).toBe(false);
      expect(violated(up)).toEqual(['mandatory images-verified copied']);
      expect(up.violations[0]?.message).toContain('`spec` does not depend on it');
    },
    SCENARIO,
  );

  test(
    'follows the reference out of a remote component, and through one that renders text',
    async () => {
      const { password, ref } = stage.key;
      const remote = {
        image: signed,
        key: { ref, password: { $secret: password } },
        source: { allowDirty: true },
      };
      const stack = declare({
        remote,
        workloads: [pod('of-remote', '$remote')],
        library: [pod('of-library', '$inner')],
      });
      const up = await stack.up();
      expect([up.ok ? '' : saidBy(up), violated(up)]).toEqual(['', []]);
      expect(await deployed(stack)).toEqual(['of-library', 'of-remote']);
    },
    SCENARIO,
  );

  test(
    'goes by levels, exemptions with reasons and further kinds of its configuration',
    async () => {
      const exempt = [{ image: 'registry.k8s.io/*', reason: 'ships with the cluster' }];
      const rollout = { type: 'kubernetes:core/v1:ConfigMap', images: ['data.image'] };
      const stack = declare(
        {
          workloads: [
            pod('pause', 'registry.k8s.io/pause:3.10'),
            pod('tagged', 'nginx:1.27'),
            ['odd', rollout.type, { data: { image: 'busybox' } }],
          ],
        },
        {
          'images-pinned': { enforcementLevel: 'advisory', exempt, kinds: [rollout] },
          'images-verified': { enforcementLevel: 'disabled' },
        },
      );
      const up = await stack.up();
      expect(violated(up)).toEqual(['advisory images-pinned odd', 'advisory images-pinned tagged']);
      expect(up.ok).toBe(true);
    },
    SCENARIO,
  );

  test.each([
    ['the commit of the image', () => commit, []],
    ['another commit', () => OTHER_COMMIT, ['mandatory images-of-commit app']],
  ])(
    'compares the verified provenance with %s',
    async (_case, deploying, expected) => {
      const config = { 'images-of-commit': { enforcementLevel: 'mandatory', commit: deploying() } };
      const stack = declare({ workloads: [pod('app', '$verified')] }, config);
      const up = await stack.up();
      expect(violated(up)).toEqual(expected);
      expect(up.ok).toBe(expected.length === 0);
      expect(await deployed(stack)).toEqual(expected.length === 0 ? ['app'] : []);
    },
    SCENARIO,
  );

  test.each([
    ['the key that signed', () => stage.key.publicKey, []],
    ['another key', () => publicPem(), ['mandatory images-verified of-remote']],
  ])(
    'checks the signer: a stack that signs for itself, with %s in the configuration',
    async (_case, trusted, expected) => {
      const { password, ref } = stage.key;
      const config = { 'images-verified': { trustedKeys: [trusted()] } };
      const remote = {
        image: signed,
        key: { ref, password: { $secret: password } },
        source: { allowDirty: true },
      };
      const up = await declare({ remote, workloads: [pod('of-remote', '$remote')] }, config).up();
      expect(violated(up)).toEqual(expected);
      expect(up.ok).toBe(expected.length === 0);
    },
    SCENARIO,
  );

  test(
    'refuses custom resources that run what was not verified, before they are created',
    async () => {
      const image = signed.replace(/@.*/, `@${OTHER_DIGEST}`);
      const workloads = Object.entries({ ...CUSTOM_WORKLOADS, ...RENDERED }).map(
        ([name, build], at): Workload => [`custom-${at}`, typeOf(name), build(image)],
      );
      const preview = await declare({ workloads }).preview();
      expect(preview.ok).toBe(false);
      const found = preview.violations
        .filter(({ policy }) => policy === 'images-verified')
        .map(({ name }) => name);
      expect([...new Set(found)].sort()).toEqual(workloads.map(([name]) => name).sort());
    },
    SCENARIO,
  );

  // The local engine runs JavaScript only.
  if (kind.engine === 'real') {
    test(
      'is the same for a program in YAML, and for what a group of manifests makes there',
      async () => {
        const project = stage.read('Pulumi.yaml');
        const { password, ref } = stage.key;
        const program = (grouped: string): string =>
          yamlProgram({
            project,
            password,
            grouped,
            verified: { image: signed, keys: [stage.key.publicKey] },
            remote: { image: signed, key: { ref }, source: { allowDirty: true } },
          });
        try {
          stage.write('Pulumi.yaml', program('${app.imageRef}'));
          const stack = declare({ workloads: [] });
          const up = await stack.up();
          expect([up.ok ? '' : saidBy(up), violated(up)]).toEqual(['', []]);
          expect(await deployed(stack)).toEqual([
            expect.stringContaining('grouped'),
            'of-component',
            'of-resource',
          ]);
          stage.write('Pulumi.yaml', program('nginx:1.27'));
          const preview = await stack.preview();
          expect(preview.ok).toBe(false);
          expect(violated(preview)).toEqual([
            expect.stringMatching(/^mandatory images-pinned .*grouped$/),
            expect.stringMatching(/^mandatory images-verified .*grouped$/),
          ]);
        } finally {
          stage.write('Pulumi.yaml', project);
        }
      },
      SCENARIO,
    );
  }

  test(
    'does not begin with a configuration that is not one to go by',
    async () => {
      const exempt = [{ image: '*' }, { resource: 'kubernetes:*', reason: 'all of it' }];
      const stack = declare({ workloads: [] }, { 'images-pinned': { exempt } });
      const up = await stack.up();
      expect(up.ok).toBe(false);
      expect(saidBy(up)).toContain('exempt[0].reason');
      expect(saidBy(up)).toContain('would admit every image');
      const wrong = await declare({ workloads: [] }, { 'images-pinned': { exempt: 'all' } }).up();
      expect(wrong.ok).toBe(false);
      expect(saidBy(wrong)).toContain('exempt: Invalid type. Expected: array, given: string');
    },
    SCENARIO,
  );
});

const nameOf = (type: string): string => kindOf(type).toLowerCase();
