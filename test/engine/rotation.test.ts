import { type EngineUnderTest, enginesUnderTest } from '../../dev/engine/under-test';
import { type PushedImage, pushImage } from '../interop/support/images';
import { bundlesOf } from './support/registry-content';
import {
  deedsOf,
  imageOutputs,
  openStage,
  saidBy,
  SCENARIO,
  secret,
  type Stage,
  type StageKey,
} from './support/stage';

const PAST = '2020-01-01T00:00:00Z';

describe.each(enginesUnderTest())('another key, on the $engine engine', (kind) => {
  let stage: Stage;
  let engine: EngineUnderTest;
  let next: StageKey;
  let image: PushedImage;

  const declare = (key: StageKey, trustedKeys: readonly object[] = []): void => {
    const app = {
      image: image.reference,
      key: { ref: key.ref, password: secret(key.password) },
      verify: { trustedKeys },
    };
    stage.declare({ use: 'local', images: { app } });
  };
  const retired = (): readonly object[] => [{ key: stage.key.publicKey, notAfter: PAST }];
  const bundles = (): number =>
    bundlesOf(
      stage.registry,
      image.repository.slice(image.repository.indexOf('/') + 1),
      image.digest,
    ).length;

  beforeAll(async () => {
    stage = await openStage();
    next = await stage.newKey('next', 'canary-a-password-of-the-next-key');
    image = await pushImage(stage.registry.host);
    engine = stage.stack(kind);
  });
  afterAll(() => stage.close());

  it(
    'is required when the former one is retired',
    async () => {
      declare(stage.key);
      expect((await engine.up()).errors).toEqual([]);
      declare(stage.key, retired());
      const refused = await engine.preview();
      expect(refused.ok).toBe(false);
      expect(saidBy(refused)).toContain('sign with its successor');
    },
    SCENARIO,
  );

  it(
    'signs again what the former one signed',
    async () => {
      stage.forget();
      declare(next, retired());
      const preview = await engine.preview();
      expect(saidBy(preview)).toContain('the signer changes from key sha256:');
      expect(stage.writes()).toEqual([]);
      const up = await engine.up();
      expect(up.errors).toEqual([]);
      expect(deedsOf(up)).toEqual([
        'update app-plan',
        'update app-signature',
        'update app-verified',
      ]);
      expect((await imageOutputs(engine)).signer).toMatchObject({ publicKey: next.publicKey });
      expect((await imageOutputs(engine)).imageRef).toBe(image.reference);
      expect(bundles()).toBe(2);
    },
    SCENARIO,
  );

  it(
    'is previewed with a verification by it in the same program, which the update does',
    async () => {
      const { reference } = await pushImage(stage.registry.host);
      const both = (key: StageKey): void =>
        stage.declare({
          use: 'remote',
          images: {
            app: { image: reference, key: { ref: key.ref, password: secret(key.password) } },
          },
          verified: { reader: { image: { $imageRefOf: 'app' }, keys: [key.publicKey] } },
        });
      const program = stage.stack(kind);
      both(stage.key);
      expect((await program.up()).errors).toEqual([]);
      both(next);
      const preview = await program.preview();
      expect(preview.errors).toEqual([]);
      expect(deedsOf(preview)).toContain('update reader');
      expect((await program.up()).errors).toEqual([]);
      expect((await imageOutputs(program, 'reader')).signer).toMatchObject({
        publicKey: next.publicKey,
      });
    },
    2 * SCENARIO,
  );

  it(
    'is the only one that counts from then on',
    async () => {
      const verify = (trustedKeys: readonly object[]): void =>
        stage.declare({
          use: 'local',
          verified: { app: { image: image.reference, trustedKeys } },
        });
      const reader = stage.stack(kind);
      verify([{ key: stage.key.publicKey, retired: true }]);
      const refused = await reader.up();
      expect(refused.ok).toBe(false);
      expect(refused.errors.join('\n')).toContain('VERIFY_KEY_RETIRED');
      verify([{ key: stage.key.publicKey, retired: true }, { key: next.publicKey }]);
      expect((await reader.up()).errors).toEqual([]);
    },
    SCENARIO,
  );
});
