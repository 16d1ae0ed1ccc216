import { type EngineUnderTest, enginesUnderTest } from '../../dev/engine/under-test';
import { bundlesOf, platformsOf } from './support/registry-content';
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

describe.each(enginesUnderTest())('an image of two platforms on the $engine engine', (kind) => {
  let stage: Stage;
  let engine: EngineUnderTest;
  let digest = '';
  let platforms: readonly string[] = [];

  const purposes = (subject: string): readonly string[] =>
    bundlesOf(stage.registry, PATH, subject)
      .map(({ purpose }) => purpose)
      .sort();

  beforeAll(async () => {
    stage = await openStage();
    engine = stage.stack(kind);
    const { key, registry } = stage;
    stage.declare({
      use: 'remote',
      images: {
        app: {
          image: `${registry.host}/${PATH}:v1`,
          build: { context: 'app', platforms: ['linux/amd64', 'linux/arm64'] },
          key: { ref: key.ref, password: secret(key.password) },
        },
      },
    });
  });
  afterAll(() => stage.close());

  it(
    'is an index; it and each platform are signed, with provenance, and verified',
    async () => {
      const up = await engine.up();
      expect(up.errors).toEqual([]);
      ({ digest } = await imageOutputs(engine));
      platforms = platformsOf(stage.registry, PATH, digest);
      expect(platforms).toHaveLength(2);
      for (const subject of [digest, ...platforms]) {
        expect(purposes(subject)).toEqual(['provenance', 'signature']);
      }
    },
    SCENARIO,
  );

  it(
    'is created from its parts: the missing part of one platform is created again, and only that',
    async () => {
      const [, arm = ''] = platforms;
      for (const bundle of bundlesOf(stage.registry, PATH, arm)) {
        if (bundle.purpose === 'signature')
          stage.registry.store.deleteManifest(PATH, bundle.digest);
      }
      const refresh = await engine.refresh();
      expect(refresh.ok).toBe(true);
      expect(saidBy(refresh)).toContain(`signature (bundle) of ${arm} (linux/arm64) is missing`);

      const up = await engine.up();
      expect(up.errors).toEqual([]);
      expect(deedsOf(up)).toEqual(['update app-signature', 'update app-verified']);
      expect(saidBy(up)).toContain('1 created, 5 reused');
      for (const subject of [digest, ...platforms]) {
        expect(purposes(subject)).toEqual(['provenance', 'signature']);
      }
      expect((await imageOutputs(engine)).digest).toBe(digest);
    },
    SCENARIO,
  );
});
