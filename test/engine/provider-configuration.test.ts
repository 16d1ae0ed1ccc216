import { enginesUnderTest } from '../../dev/engine/under-test';
import { type RunningRegistry, startRegistry } from '../../dev/registry';
import { type PushedImage, pushImage } from '../interop/support/images';
import { bundlesOf } from './support/registry-content';
import {
  type Declared,
  deedsOf,
  imageOutputs,
  openStage,
  saidBy,
  SCENARIO,
  secret,
  type Stage,
} from './support/stage';

const PASSWORD = 'canary-password-of-the-registry';

const pathOf = ({ repository }: PushedImage): string =>
  repository.slice(repository.indexOf('/') + 1);

describe.each(enginesUnderTest())('defaults of the provider, on the $engine engine', (kind) => {
  let stage: Stage;
  let other: RunningRegistry;
  let image: PushedImage;
  let elsewhere: PushedImage;
  const key = () => ({ ref: stage.key.ref, password: secret(stage.key.password) });
  const access = () => ({ host: stage.registry.host, username: 'ci', password: PASSWORD });

  beforeAll(async () => {
    stage = await openStage();
    other = await startRegistry();
  });
  beforeEach(async () => {
    stage.registry.settings.auth = { kind: 'none' };
    image = await pushImage(stage.registry.host);
    elsewhere = await pushImage(other.host);
    stage.registry.settings.auth = { kind: 'basic', users: { ci: PASSWORD } };
    stage.forget();
    other.clearRequests();
  });
  afterAll(async () => {
    await Promise.all([stage.close(), other.close()]);
  });

  it.each(['local', 'remote'] as const)(
    'come from the configuration, and reach the children of a component (%s use)',
    async (use) => {
      stage.declare({
        use,
        images: {
          app: { image: image.reference, key: key(), annotations: { team: 'web' } },
          elsewhere: { image: elsewhere.reference, key: key(), annotations: { stage: 'other' } },
        },
      });
      const engine = stage.stack(kind);
      await engine.setConfig('signed-image:registry', { secret: JSON.stringify(access()) });
      await engine.setConfig('signed-image:annotations', '{"stage":"production"}');
      await engine.setConfig('signed-image:format', 'legacy');
      const up = await engine.up();
      expect(up.errors).toEqual([]);
      expect((await imageOutputs(engine)).annotations).toMatchObject({
        stage: 'production',
        team: 'web',
      });
      // What a resource declares wins.
      expect((await imageOutputs(engine, 'elsewhere')).annotations).toMatchObject({
        stage: 'other',
      });
      expect(bundlesOf(stage.registry, pathOf(image), image.digest)).toHaveLength(0);
      const tag = `${image.digest.replace(':', '-')}.sig`;
      expect(stage.registry.store.resolve(pathOf(image), tag)).toBeDefined();
      // The credentials are for one registry.
      expect(other.requests.filter(({ headers }) => headers['authorization'])).toEqual([]);
      expect([await engine.exportState(), engine.logs(), saidBy(up)].join()).not.toContain(
        PASSWORD,
      );
      const again = await engine.up();
      expect(again.errors).toEqual([]);
      expect(again.steps.filter(({ op }) => op !== 'same')).toEqual([]);
      expect((await engine.refresh()).errors).toEqual([]);
      expect((await engine.destroy()).errors).toEqual([]);
    },
    SCENARIO,
  );

  it(
    'of several providers stay apart, and each reaches the resources that name it',
    async () => {
      stage.declare({
        use: 'local',
        providers: {
          // The program forgot to mark the password.
          production: { registry: access(), annotations: { stage: 'production' } },
          test: { annotations: { stage: 'test' }, trust: { keys: [stage.key.publicKey] } },
        },
        images: {
          app: { image: image.reference, key: key(), $provider: 'production' },
          trial: { image: elsewhere.reference, key: key(), $provider: 'test' },
        },
      });
      const engine = stage.stack(kind);
      const up = await engine.up();
      expect(up.errors).toEqual([]);
      expect((await imageOutputs(engine)).annotations).toMatchObject({ stage: 'production' });
      expect((await imageOutputs(engine, 'trial')).annotations).toMatchObject({ stage: 'test' });
      expect([await engine.exportState(), engine.logs(), saidBy(up)].join()).not.toContain(
        PASSWORD,
      );
      stage.declare({
        use: 'local',
        providers: {
          test: { annotations: { stage: 'test' }, trust: { keys: [stage.key.publicKey] } },
        },
        verified: { trial: { image: elsewhere.reference, $provider: 'test' } },
      });
      const verified = stage.stack(kind);
      expect((await verified.up()).errors).toEqual([]);
      expect((await imageOutputs(verified, 'trial')).imageRef).toBe(elsewhere.reference);
      expect((await verified.destroy()).errors).toEqual([]);
    },
    SCENARIO,
  );

  it(
    'of several providers: a deletion removes nothing that a resource of another one uses',
    async () => {
      stage.registry.settings.auth = { kind: 'none' };
      const app = { image: image.reference, key: key(), deletion: 'signatures' };
      const providers = { one: {}, two: {} };
      const engine = stage.stack(kind);
      const up = async (images: Declared['images']) => {
        stage.declare({ use: 'local', providers, ...(images && { images }) });
        return engine.up();
      };
      const bundles = () => bundlesOf(stage.registry, pathOf(image), image.digest);
      expect((await up({ app: { ...app, $provider: 'one' } })).errors).toEqual([]);
      const signed = bundles();
      expect(signed.length).toBeGreaterThan(0);
      // The engine starts a process for each provider: one reuses the signatures, the other deletes.
      const moved = await up({ web: { ...app, $provider: 'two' } });
      expect(moved.errors).toEqual([]);
      expect(deedsOf(moved)).toContain('delete app-signature');
      expect(bundles()).toEqual(signed);
    },
    SCENARIO,
  );

  it(
    'are secret in the state where the configuration has the credentials as plain text',
    async () => {
      stage.declare({ use: 'local', images: { app: { image: image.reference, key: key() } } });
      const engine = stage.stack(kind);
      await engine.setConfig('signed-image:registry', JSON.stringify(access()));
      const up = await engine.up();
      expect(up.errors).toEqual([]);
      expect([await engine.exportState(), saidBy(up)].join()).not.toContain(PASSWORD);
      expect(deedsOf(await engine.preview())).toEqual([]);
    },
    SCENARIO,
  );

  it(
    'without members are no change, neither of the provider nor of its resources',
    async () => {
      stage.registry.settings.auth = { kind: 'none' };
      const declare = (defaults: object, inputs: object): void =>
        stage.declare({
          use: 'local',
          providers: { one: defaults },
          images: { app: { image: image.reference, key: key(), $provider: 'one', ...inputs } },
        });
      const engine = stage.stack(kind);
      declare({}, {});
      expect((await engine.up()).errors).toEqual([]);
      declare(
        { annotations: {}, source: {}, sigstore: {}, trust: { keys: [] } },
        { annotations: {}, source: {}, sigstore: {}, registry: {}, verify: {} },
      );
      const runs = [await engine.up()];
      declare({}, {});
      runs.push(await engine.preview());
      for (const run of runs) {
        expect(run.errors).toEqual([]);
        expect(deedsOf(run)).toEqual([]);
      }
    },
    2 * SCENARIO,
  );

  const mistakes: readonly (readonly [string, Readonly<Record<string, string>>, RegExp])[] = [
    [
      'credentials for no registry',
      { registry: '{"username":"ci"}' },
      /registry\.host.*is required/,
    ],
    ['a word that is none', { transparency: 'loud' }, /transparency.*must be one of/],
    ['text instead of an object', { sigstore: 'public' }, /sigstore.*is not the JSON text/],
    ['a misspelt member', { source: '{"comit":"1"}' }, /source\.comit/],
    ['a key that is none', { trust: '{"keys":["nokey.pub"]}' }, /trust\.keys\[0\]/],
    ['a name that is none', { regisrty: '{}' }, /regisrty/],
  ];
  it.each(mistakes)(
    'are checked before a resource uses them: %s',
    async (_what, config, expected) => {
      stage.declare({ use: 'local', images: { app: { image: image.reference, key: key() } } });
      const engine = stage.stack(kind);
      for (const [name, value] of Object.entries(config)) {
        await engine.setConfig(`signed-image:${name}`, value);
      }
      const up = await engine.up();
      expect(up.ok).toBe(false);
      expect(saidBy(up)).toMatch(expected);
      expect(stage.writes()).toEqual([]);
    },
    SCENARIO,
  );
});
