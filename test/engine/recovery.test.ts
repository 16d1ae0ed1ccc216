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

describe.each(enginesUnderTest())('what went wrong before, on the $engine engine', (kind) => {
  let stage: Stage;
  let engine: EngineUnderTest;
  let digest = '';

  const declare = (path: string, verify: object = {}): void => {
    const { key, registry } = stage;
    const image = {
      image: `${registry.host}/${path}`,
      build: { context: 'app' },
      key: { ref: key.ref, password: secret(key.password) },
      verify,
    };
    stage.declare({ use: 'local', images: { app: image } });
  };
  const bundles = (path: string) => bundlesOf(stage.registry, path, digest);

  beforeAll(async () => {
    stage = await openStage();
    engine = stage.stack(kind);
  });
  beforeEach(() => stage.forget());
  afterAll(() => stage.close());

  it(
    'an update that was cut between two signatures is finished by the next one',
    async () => {
      declare('team/app');
      // The signature arrives, and the provenance after it does not.
      let bundlesPut = 0;
      stage.registry.settings.faults = ({ method, path, body }) => {
        const isBundle = path.includes('/manifests/') && body.includes('dev.sigstore.bundle');
        if (method !== 'PUT' || !isBundle) return undefined;
        bundlesPut += 1;
        return bundlesPut > 1 ? { status: 500, headers: { 'retry-after': '0' } } : undefined;
      };
      const cut = await engine.up();
      stage.registry.settings.faults = undefined;
      expect(cut.ok).toBe(false);
      expect(cut.errors.join('\n')).toContain('REGISTRY_UNAVAILABLE');
      expect(cut.logs).not.toContain('app is ');
      expect((await engine.outputs())['app']).toBeUndefined();

      const next = await engine.up();
      expect(next.errors).toEqual([]);
      expect(saidBy(next)).toContain('1 created, 1 reused');
      // What was built is not built again.
      expect(deedsOf(next)).toEqual(expect.arrayContaining(['update app-signature']));
      expect(deedsOf(next).join()).not.toContain('app-build');
      ({ digest } = await imageOutputs(engine));
      expect(
        bundles('team/app')
          .map(({ purpose }) => purpose)
          .sort(),
      ).toEqual(['provenance', 'signature']);
    },
    SCENARIO,
  );

  it(
    'with `verify.always` a signature that is gone is made again without a refresh',
    async () => {
      declare('team/app', { always: true });
      expect((await engine.up()).errors).toEqual([]);
      for (const bundle of bundles('team/app')) {
        stage.registry.store.deleteManifest('team/app', bundle.digest);
      }
      const up = await engine.up();
      expect(up.errors).toEqual([]);
      expect(deedsOf(up)).toEqual(['update app-signature', 'update app-verified']);
      expect(bundles('team/app')).toHaveLength(2);
      expect((await imageOutputs(engine)).digest).toBe(digest);
    },
    SCENARIO,
  );

  it(
    'another repository is another image: signature and verification are replaced, the old ones stay',
    async () => {
      declare('team/moved');
      const before = digest;
      const up = await engine.up();
      expect(up.errors).toEqual([]);
      expect(up.summary['replace']).toBeGreaterThanOrEqual(2);
      for (const name of ['app-signature', 'app-verified']) {
        expect(up.steps).toContainEqual(
          expect.objectContaining({ op: 'create-replacement', name }),
        );
      }
      const app = await imageOutputs(engine);
      expect(app.imageRef).toBe(`${stage.registry.host}/team/moved@${app.digest}`);
      expect(stage.writes().join('\n')).not.toContain('DELETE');
      expect(bundlesOf(stage.registry, 'team/app', before)).toHaveLength(2);
      expect(bundlesOf(stage.registry, 'team/moved', app.digest)).toHaveLength(2);
    },
    SCENARIO,
  );
});
