import { join } from 'node:path';

import { type EngineUnderTest, enginesUnderTest } from '../../../dev/engine/under-test';
import { openStage, saidBy, SCENARIO, type Stage } from '../../engine/support/stage';
import { PROGRAM } from '../support/program';
import { admitted, refused } from '../support/table';
import { kindOf, WORKLOADS } from '../support/workloads';

const POD = 'kubernetes:core/v1:Pod';
const OTHER_DIGEST = `sha256:${'2b'.repeat(32)}`;

interface Declared {
  readonly workloads: Readonly<Record<string, unknown>>;
  readonly requirement?: unknown;
  readonly meddle?: string;
  readonly meddleWith?: string;
  readonly inComponent?: boolean;
}

interface State {
  readonly resources?: readonly { readonly type: string }[];
}

/** Types in a state that run something. */
async function deployed(stack: EngineUnderTest): Promise<readonly string[]> {
  const state = JSON.parse(await stack.exportState()) as State & { readonly deployment?: State };
  // The real CLI exports the state with its own heading.
  const { resources = [] } = state.deployment ?? state;
  return resources.map(({ type }) => type).filter((type) => Object.hasOwn(WORKLOADS, type));
}

describe.each(enginesUnderTest())(
  'a program that requires verified images, $engine engine',
  (kind) => {
    let stage: Stage;
    let signed: string;

    const declare = async (declared: Declared): Promise<EngineUnderTest> => {
      const verified = { image: signed, keys: [stage.key.publicKey] };
      stage.write('declared.json', JSON.stringify({ requirement: {}, verified, ...declared }));
      const stack = stage.stack(kind);
      // No cluster: the provider of the real engine writes files, the local engine has none.
      await stack.setConfig('kubernetes:renderYamlToDirectory', join(stage.stateDir, 'rendered'));
      return stack;
    };

    beforeAll(async () => {
      stage = await openStage();
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
      const stack = stage.stack(kind);
      expect((await stack.up()).errors).toEqual([]);
      signed = ((await stack.outputs())['app'] as { readonly imageRef: string }).imageRef;
      stage.write('index.js', PROGRAM);
    }, SCENARIO);
    afterAll(() => stage.close());

    const all = (image: string): Readonly<Record<string, unknown>> =>
      Object.fromEntries(Object.entries(WORKLOADS).map(([type, build]) => [type, build(image)]));

    test(
      'runs the verified image in every kind',
      async () => {
        const stack = await declare({ workloads: all('$verified') });
        expect((await stack.up()).errors).toEqual([]);
        expect([...(await deployed(stack))].sort()).toEqual(Object.keys(WORKLOADS).sort());
        for (const type of Object.keys(WORKLOADS)) admitted(kindOf(type), 'program');
      },
      SCENARIO,
    );

    test.each(Object.keys(WORKLOADS))(
      'refuses an image that was not verified in %s, before it is created',
      async (type) => {
        const image = signed.replace(/@.*/, `@${OTHER_DIGEST}`);
        const stack = await declare({ workloads: { [type]: WORKLOADS[type]!(image) } });
        const up = await stack.up();
        expect(up.ok).toBe(false);
        expect(saidBy(up)).toContain('IMAGE_NOT_VERIFIED');
        expect(saidBy(up)).toContain(image);
        expect(await deployed(stack)).toEqual([]);
        refused(kindOf(type), 'program');
      },
      SCENARIO,
    );

    test(
      'refuses a tag that was made of a verified reference, in a preview that knows it',
      async () => {
        const stack = await declare({ workloads: { [POD]: WORKLOADS[POD]!('$tag') } });
        const preview = await stack.preview();
        expect(preview.ok).toBe(false);
        expect(saidBy(preview)).toContain('is a tag');
      },
      SCENARIO,
    );

    test(
      'leaves to the update what a preview does not know, and refuses it there',
      async () => {
        const stack = await declare({ workloads: { [POD]: WORKLOADS[POD]!('$late') } });
        expect((await stack.preview()).errors).toEqual([]);
        const up = await stack.up();
        expect(up.ok).toBe(false);
        expect(saidBy(up)).toContain('is a tag');
        expect(await deployed(stack)).toEqual([]);
      },
      SCENARIO,
    );

    test(
      'checks the resources of a component',
      async () => {
        const stack = await declare({
          workloads: { [POD]: WORKLOADS[POD]!('nginx') },
          inComponent: true,
        });
        const preview = await stack.preview();
        expect(preview.ok).toBe(false);
        expect(saidBy(preview)).toContain('"nginx" is a tag');
      },
      SCENARIO,
    );

    test(
      'checks again before the creation: a later transform cannot bypass it',
      async () => {
        const stack = await declare({
          workloads: { [POD]: WORKLOADS[POD]!('$verified') },
          meddle: 'nginx',
        });
        const up = await stack.up();
        expect(up.ok).toBe(false);
        expect(saidBy(up)).toContain('"nginx" is a tag');
        expect(await deployed(stack)).toEqual([]);
      },
      SCENARIO,
    );

    test(
      'refuses what a later transform puts into a custom resource',
      async () => {
        const type = 'kubernetes:argoproj.io/v1alpha1:Rollout';
        const workloads = { [type]: { spec: { template: WORKLOADS[POD]!('$verified') } } };
        const kept = await (await declare({ workloads })).up();
        expect([kept.ok ? '' : saidBy(kept)]).toEqual(['']);
        const stack = await declare({ workloads, meddle: 'nginx', meddleWith: type });
        const up = await stack.up();
        expect(up.ok).toBe(false);
        expect(saidBy(up)).toContain('"nginx" is a tag');
      },
      SCENARIO,
    );

    test(
      'logs what an exemption admits, and why',
      async () => {
        const requirement = { exempt: [{ image: 'registry.k8s.io/*', reason: 'ships with it' }] };
        const workloads = { [POD]: WORKLOADS[POD]!('registry.k8s.io/pause:3.10') };
        const stack = await declare({ workloads, requirement });
        const up = await stack.up();
        expect(up.errors).toEqual([]);
        expect(up.logs).toContain('registry.k8s.io/pause:3.10 runs unverified: ships with it');
      },
      SCENARIO,
    );

    test(
      'reports all invalid exemptions before anything is created',
      async () => {
        const requirement = { exempt: [{ image: '*' }] };
        const preview = await (await declare({ workloads: {}, requirement })).preview();
        expect(preview.ok).toBe(false);
        expect(saidBy(preview)).toContain('exempt[0].reason');
        expect(saidBy(preview)).toContain('would admit every image');
      },
      SCENARIO,
    );
  },
);
