import { type EngineUnderTest, enginesUnderTest } from '../../dev/engine/under-test';
import { type PushedImage, pushImage } from '../interop/support/images';
import { bundlesOf, layersOf } from './support/registry-content';
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

const pathOf = ({ repository }: { readonly repository: string }): string =>
  repository.slice(repository.indexOf('/') + 1);

describe.each(enginesUnderTest())('what a deletion removes, on the $engine engine', (kind) => {
  let stage: Stage;
  let engine: EngineUnderTest;
  let otherSigner: StageKey;
  let image: PushedImage;

  const by = ({ ref, password }: StageKey): object => ({ ref, password: secret(password) });
  const app = (more: object = {}): object => ({
    image: image.reference,
    key: by(stage.key),
    format: 'both',
    ...more,
  });
  const declare = (images: Readonly<Record<string, object>>): void =>
    stage.declare({ use: 'local', images });
  const done = async (verb: 'up' | 'destroy' = 'up') => {
    const outcome = await engine[verb]();
    expect(outcome.errors).toEqual([]);
    return outcome;
  };
  /** Bundles and layers beside an image. */
  const beside = (of: PushedImage = image): readonly [number, number] => [
    bundlesOf(stage.registry, pathOf(of), of.digest).length,
    layersOf(stage.registry, pathOf(of), of.digest).length,
  ];
  const isThere = (path: string, digest: string): boolean =>
    stage.registry.store.getManifest(path, digest) !== undefined;

  beforeAll(async () => {
    stage = await openStage();
    otherSigner = await stage.newKey('stranger', 'canary-a-password-of-a-stranger');
  });
  beforeEach(async () => {
    stage.registry.settings.deleteDisabled = false;
    image = await pushImage(stage.registry.host);
    engine = stage.stack(kind);
    stage.forget();
  });
  afterAll(() => stage.close());

  it(
    'of signatures: those that were written here, and none of others',
    async () => {
      declare({ app: app({ key: by(otherSigner) }) });
      expect((await stage.stack(kind).up()).errors).toEqual([]);
      declare({ app: app() });
      await done();
      expect(beside()).toEqual([2, 2]);

      // The setting alone is an update that writes nothing.
      stage.forget();
      declare({ app: app({ deletion: 'signatures' }) });
      expect(deedsOf(await done())).toEqual(['update app-signature']);
      expect(stage.writes()).toEqual([]);

      expect(saidBy(await done('destroy'))).not.toContain('stays');
      expect(beside()).toEqual([1, 1]);
      expect(isThere(pathOf(image), image.digest)).toBe(true);
    },
    SCENARIO,
  );

  it(
    'of signatures that are replaced, which a preview reports',
    async () => {
      declare({ app: app({ deletion: 'signatures' }) });
      await done();
      const old = image;
      image = await pushImage(stage.registry.host);
      declare({ app: app({ deletion: 'signatures' }) });
      expect(saidBy(await engine.preview())).toContain(
        `the replacement removes 2 signatures that this resource wrote (deletion: signatures) from ${old.repository}`,
      );
      expect(beside(old)).toEqual([1, 1]);
      await done();
      expect([beside(old), beside()]).toEqual([
        [0, 0],
        [1, 1],
      ]);
      expect(isThere(pathOf(old), old.digest)).toBe(true);
    },
    SCENARIO,
  );

  it(
    'not of a signature that what comes after it uses: the same image under another name',
    async () => {
      declare({ app: app({ deletion: 'signatures' }) });
      await done();
      declare({ web: app({ deletion: 'signatures' }) });
      const renamed = await done();
      expect(saidBy(renamed)).toContain('2 reused, nothing written');
      expect(saidBy(renamed)).toContain('web-signature uses it');
      expect(beside()).toEqual([1, 1]);
      expect((await imageOutputs(engine, 'web')).imageRef).toBe(image.reference);
    },
    SCENARIO,
  );

  it(
    'of what a run that was cut has written',
    async () => {
      declare({ app: app({ deletion: 'signatures' }) });
      stage.registry.settings.faults = ({ method, path }) =>
        method === 'PUT' && path.endsWith('.sig') ? { status: 403 } : undefined;
      expect((await engine.up()).ok).toBe(false);
      stage.registry.settings.faults = undefined;
      expect(beside()).toEqual([1, 0]);
      await done('destroy');
      expect(beside()).toEqual([0, 0]);
    },
    SCENARIO,
  );

  it(
    'is logged, and succeeds, if the registry does not support deletion',
    async () => {
      declare({ app: app({ deletion: 'signatures' }) });
      await done();
      stage.registry.settings.deleteDisabled = true;
      const gone = await done('destroy');
      expect(saidBy(gone)).toContain('does not support deletion, so 2 signatures remain');
      expect(beside()).toEqual([1, 1]);
    },
    SCENARIO,
  );

  it(
    'of images: those that were built and pushed here, all of them',
    async () => {
      const build = (path: string): object => ({
        image: `${stage.registry.host}/${path}:v1`,
        build: { context: 'app' },
        key: by(stage.key),
        deletion: 'all',
      });
      declare({ app: build('built/app') });
      await done();
      const first = (await imageOutputs(engine)).digest;
      stage.write('app/message.txt', 'hello again\n');
      stage.commit('another message');
      await done();
      const second = (await imageOutputs(engine)).digest;
      expect(second).not.toBe(first);
      // An update keeps the earlier image, which may still run.
      expect([first, second].map((digest) => isThere('built/app', digest))).toEqual([true, true]);

      declare({ app: build('built/moved') });
      await done();
      const moved = (await imageOutputs(engine)).digest;
      expect([...stage.registry.store.manifests('built/app')]).toEqual([]);
      expect(isThere('built/moved', moved)).toBe(true);
      expect(bundlesOf(stage.registry, 'built/moved', moved)).toHaveLength(2);

      await done('destroy');
      expect([...stage.registry.store.manifests('built/moved')]).toEqual([]);
    },
    SCENARIO,
  );
});
