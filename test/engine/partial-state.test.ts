import { type EngineUnderTest, enginesUnderTest } from '../../dev/engine/under-test';
import { type PushedImage, pushIndex } from '../interop/support/images';
import { bundlesOf, layersOf } from './support/registry-content';
import { deedsOf, openStage, saidBy, SCENARIO, secret, type Stage } from './support/stage';

const pathOf = ({ repository }: { readonly repository: string }): string =>
  repository.slice(repository.indexOf('/') + 1);

describe.each(enginesUnderTest())('signing that was cut, on the $engine engine', (kind) => {
  let stage: Stage;
  let engine: EngineUnderTest;
  let image: PushedImage & { readonly platforms: readonly { readonly digest: string }[] };

  const declare = (annotations: Readonly<Record<string, string>> = {}): void => {
    const { key } = stage;
    const app = {
      image: image.reference,
      key: { ref: key.ref, password: secret(key.password) },
      format: 'both',
      annotations,
    };
    stage.declare({ use: 'local', images: { app } });
  };
  /** Lets so many signatures arrive, and refuses those that come after. */
  const cutAfter = (arriving: number): void => {
    let arrived = 0;
    stage.registry.settings.faults = ({ method, path }) => {
      if (method !== 'PUT' || !path.includes('/manifests/')) return undefined;
      arrived += 1;
      return arrived > arriving ? { status: 500, headers: { 'retry-after': '0' } } : undefined;
    };
  };
  /** Signatures of each manifest, in each format. */
  const counts = (): readonly (readonly [number, number])[] =>
    [image, ...image.platforms].map(({ digest }) => [
      bundlesOf(stage.registry, pathOf(image), digest).length,
      layersOf(stage.registry, pathOf(image), digest).length,
    ]);

  beforeAll(async () => {
    stage = await openStage();
    image = await pushIndex(stage.registry.host);
    engine = stage.stack(kind);
  });
  beforeEach(() => stage.forget());
  afterEach(() => {
    stage.registry.settings.faults = undefined;
  });
  afterAll(() => stage.close());

  it(
    'leaves no state of a signature when nothing was written',
    async () => {
      declare();
      stage.registry.settings.faults = ({ method }) =>
        method === 'POST' ? { status: 403 } : undefined;
      const cut = await engine.up();
      expect(cut.ok).toBe(false);
      expect(cut.errors.join('\n')).toContain('REGISTRY_FORBIDDEN');
      expect(await engine.exportState()).not.toContain('app-signature');
    },
    SCENARIO,
  );

  it(
    'keeps what was written in the state, and the next update makes only the rest',
    async () => {
      declare();
      cutAfter(3);
      const cut = await engine.up();
      stage.registry.settings.faults = undefined;
      expect(cut.ok).toBe(false);
      expect(cut.errors.join('\n')).toContain('REGISTRY_UNAVAILABLE');
      expect(counts()).toEqual([
        [1, 1],
        [1, 0],
        [0, 0],
      ]);
      const state = await engine.exportState();
      expect(state).toContain('app-signature');
      expect(state).toContain('initErrors');
      const [bundle] = bundlesOf(stage.registry, pathOf(image), image.digest);
      expect(state).toContain(bundle?.digest);

      const preview = await engine.preview();
      expect(saidBy(preview)).toContain('would sign 3 and reuse 3');
      const next = await engine.up();
      expect(next.errors).toEqual([]);
      expect(deedsOf(next)).toEqual(['create app-verified', 'update app-signature']);
      expect(saidBy(next)).toContain('3 created, 3 reused');
      expect(await engine.exportState()).not.toContain('initErrors');
      expect(counts()).toEqual([
        [1, 1],
        [1, 1],
        [1, 1],
      ]);

      stage.forget();
      const again = await engine.up();
      expect(deedsOf(again)).toEqual([]);
      expect(stage.writes()).toEqual([]);
    },
    SCENARIO,
  );

  it(
    'does so for an update too, and after a refresh that reports the missing signatures',
    async () => {
      declare({ stage: 'production' });
      cutAfter(4);
      const cut = await engine.up();
      stage.registry.settings.faults = undefined;
      expect(cut.ok).toBe(false);
      expect(await engine.exportState()).toContain('initErrors');
      expect(counts()).toEqual([
        [2, 2],
        [2, 2],
        [1, 1],
      ]);
      const refresh = await engine.refresh();
      expect(refresh.errors).toEqual([]);

      const next = await engine.up();
      expect(next.errors).toEqual([]);
      expect(saidBy(next)).toContain('2 created, 4 reused');
      expect(counts()).toEqual([
        [2, 2],
        [2, 2],
        [2, 2],
      ]);
      expect(deedsOf(await engine.up())).toEqual([]);
    },
    SCENARIO,
  );
});
