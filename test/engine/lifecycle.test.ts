import { type EngineUnderTest, enginesUnderTest } from '../../dev/engine/under-test';
import { bundlesOf } from './support/registry-content';
import {
  deedsOf,
  imageOutputs,
  openStage,
  saidBy,
  SCENARIO,
  secret,
  type Stage,
} from './support/stage';

const PATH = 'team/app';
const RESOURCES = ['app', 'app-build', 'app-plan', 'app-signature', 'app-verified'];
const SIGNED_AGAIN = ['update app-signature', 'update app-verified'];

describe.each(enginesUnderTest())('the life of a signed image on the $engine engine', (kind) => {
  // The tests depend on each other: each continues from the result of the previous one.
  describe.each(['local', 'remote'] as const)('as a %s component', (use) => {
    let stage: Stage;
    let engine: EngineUnderTest;
    let digest = '';

    const declare = (annotations: Readonly<Record<string, string>> = {}): void => {
      const { key, registry } = stage;
      const image = {
        image: `${registry.host}/${PATH}`,
        build: { context: 'app' },
        key: { ref: key.ref, password: secret(key.password) },
        annotations,
      };
      stage.declare({ use, images: { app: image } });
    };
    const purposes = (): readonly string[] =>
      bundlesOf(stage.registry, PATH, digest)
        .map(({ purpose }) => purpose)
        .sort();
    const removeSignatures = (): void => {
      for (const bundle of bundlesOf(stage.registry, PATH, digest)) {
        if (bundle.purpose === 'signature')
          stage.registry.store.deleteManifest(PATH, bundle.digest);
      }
    };

    beforeAll(async () => {
      stage = await openStage();
      engine = stage.stack(kind);
      declare();
    });
    beforeEach(() => stage.forget());
    afterAll(() => stage.close());

    it(
      'previews the first update: writes nothing, and logs the planned actions',
      async () => {
        const preview = await engine.preview();
        expect(preview.errors).toEqual([]);
        expect(deedsOf(preview)).toEqual(
          expect.arrayContaining(RESOURCES.map((name) => `create ${name}`)),
        );
        expect(saidBy(preview)).toContain(
          `would build, and push to ${stage.registry.host}/${PATH}`,
        );
        expect(saidBy(preview)).toContain('would sign the image when it is built');
        expect(saidBy(preview)).not.toContain('app is ');
        expect(stage.writes()).toEqual([]);
        expect(stage.registry.store.repositories()).toEqual([]);
      },
      SCENARIO,
    );

    it(
      'builds, signs, and hands on the verified digest',
      async () => {
        const up = await engine.up();
        expect(up.errors).toEqual([]);
        const app = await imageOutputs(engine);
        ({ digest } = app);
        expect(app.imageRef).toBe(`${stage.registry.host}/${PATH}@${digest}`);
        expect(saidBy(up)).toContain(`app is ${app.imageRef}`);
        expect(stage.registry.store.getManifest(PATH, digest)).toBeDefined();
        expect(app.signer).toMatchObject({ kind: 'key', publicKey: stage.key.publicKey });
        expect(app.annotations).toMatchObject({
          branch: 'main',
          repo: 'https://git.example.test/team/app.git',
        });
        expect(purposes()).toEqual(['provenance', 'signature']);
        // A key signs without a log, unless one is named.
        expect(stage.sigstore.log.entries).toHaveLength(0);
      },
      SCENARIO,
    );

    it(
      'writes nothing in a second update',
      async () => {
        const again = await engine.up();
        expect(again.errors).toEqual([]);
        expect(again.summary).toEqual({ same: RESOURCES.length + 1 });
        expect(stage.writes()).toEqual([]);
      },
      SCENARIO,
    );

    it(
      'changes nothing after a commit that leaves the build context as it is',
      async () => {
        stage.write('docs/readme.md', 'words\n');
        const commit = stage.commit('only words');
        const after = await engine.up();
        expect(deedsOf(after)).toEqual([]);
        expect(stage.writes()).toEqual([]);
        expect((await imageOutputs(engine)).annotations['commit']).not.toBe(commit);
      },
      SCENARIO,
    );

    it(
      'builds, signs and verifies again when the context changed',
      async () => {
        stage.write('app/message.txt', 'hello again\n');
        const commit = stage.commit('another message');
        const before = digest;
        const up = await engine.up();
        expect(up.errors).toEqual([]);
        expect(deedsOf(up)).toEqual(['update app-build', ...SIGNED_AGAIN]);
        expect(saidBy(up)).toContain('rebuilding: context');
        const app = await imageOutputs(engine);
        ({ digest } = app);
        expect(digest).not.toBe(before);
        expect(app.imageRef).toBe(`${stage.registry.host}/${PATH}@${digest}`);
        expect(app.annotations['commit']).toBe(commit);
        expect(purposes()).toEqual(['provenance', 'signature']);
      },
      SCENARIO,
    );

    it(
      'knows the digest in the preview of an annotation, because it stays',
      async () => {
        declare({ stage: 'production' });
        const preview = await engine.preview();
        expect(preview.errors).toEqual([]);
        expect(deedsOf(preview)).toEqual(SIGNED_AGAIN);
        expect(saidBy(preview)).toContain('would sign 1 and reuse 1');
        expect(saidBy(preview)).toContain(`app is ${stage.registry.host}/${PATH}@${digest}`);
        expect(stage.writes()).toEqual([]);
      },
      SCENARIO,
    );

    it(
      'adds one signature for an annotation, and builds nothing',
      async () => {
        const up = await engine.up();
        expect(up.errors).toEqual([]);
        expect(deedsOf(up)).toEqual(SIGNED_AGAIN);
        const app = await imageOutputs(engine);
        expect(app.digest).toBe(digest);
        expect(app.annotations['stage']).toBe('production');
        expect(purposes()).toEqual(['provenance', 'signature', 'signature']);
      },
      SCENARIO,
    );

    it(
      'refreshes without a word when all is there',
      async () => {
        const refresh = await engine.refresh();
        expect(refresh.ok).toBe(true);
        expect(saidBy(refresh)).not.toMatch(/warning|missing|invalid/i);
        expect(stage.writes()).toEqual([]);
      },
      SCENARIO,
    );

    it(
      'reports a missing signature in a refresh, and creates only that again',
      async () => {
        removeSignatures();
        const refresh = await engine.refresh();
        expect(refresh.ok).toBe(true);
        expect(saidBy(refresh)).toMatch(
          new RegExp(`warning: signature \\(bundle\\) of ${digest} is missing`),
        );
        expect(stage.writes()).toEqual([]);

        const up = await engine.up();
        expect(up.errors).toEqual([]);
        expect(deedsOf(up)).toEqual(SIGNED_AGAIN);
        expect(saidBy(up)).toContain('1 created, 1 reused');
        expect((await imageOutputs(engine)).digest).toBe(digest);
        expect(purposes()).toEqual(['provenance', 'signature']);
      },
      SCENARIO,
    );

    it(
      'concludes nothing from a registry that is down',
      async () => {
        const before = await engine.outputs();
        stage.registry.settings.faults = () => ({ status: 503, headers: { 'retry-after': '0' } });
        const refresh = await engine.refresh();
        stage.registry.settings.faults = undefined;
        expect(refresh.ok).toBe(true);
        expect(saidBy(refresh)).toMatch(/warning: check.* failed; state left unchanged/);
        expect(await engine.outputs()).toEqual(before);

        stage.forget();
        expect(deedsOf(await engine.up())).toEqual([]);
        expect(stage.writes()).toEqual([]);
      },
      SCENARIO,
    );

    it(
      'leaves image and signatures in the registry when it is destroyed',
      async () => {
        const destroyed = await engine.destroy();
        expect(destroyed.ok).toBe(true);
        expect(stage.writes()).toEqual([]);
        expect(stage.registry.store.getManifest(PATH, digest)).toBeDefined();
        expect(purposes()).toEqual(['provenance', 'signature']);
      },
      SCENARIO,
    );
  });
});
