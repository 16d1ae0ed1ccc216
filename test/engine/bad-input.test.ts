import { enginesUnderTest } from '../../dev/engine/under-test';
import { openStage, saidBy, SCENARIO, secret, type Stage } from './support/stage';

// All mistakes are in test/pulumi/plugin; these show what the engines make of them.
describe.each(enginesUnderTest())('a mistake, on the $engine engine', (kind) => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await openStage();
  });
  beforeEach(() => stage.forget());
  afterAll(() => stage.close());

  const PASSWORD = 'canary-a-wrong-password-that-must-not-show';

  const cases: readonly (readonly [
    string,
    'local' | 'remote',
    (good: Readonly<Record<string, unknown>>) => object,
    readonly RegExp[],
  ])[] = [
    [
      'two signers',
      'local',
      (good) => ({ ...good, keyless: { tokenEnv: 'NO_SUCH_TOKEN' } }),
      [/keyless/, /two signers/],
    ],
    [
      'a wrong password, and an annotation that cosign prints itself',
      'remote',
      (good) => ({
        ...good,
        key: { ref: 'cosign.key', password: PASSWORD },
        annotations: { Issuer: 'x' },
      }),
      [/key\.password/, /annotations.*Issuer/],
    ],
    [
      'a key that only GitHub has',
      'local',
      (good) => ({ ...good, key: { ref: 'github://team/app' } }),
      [/key\.ref/, /GitHub never returns secrets/, /env:\/\/COSIGN_PRIVATE_KEY/],
    ],
    [
      'a Dockerfile that is not there',
      'remote',
      (good) => ({ ...good, build: { context: 'app', dockerfile: 'app/Nofile' } }),
      [/build\.dockerfile/, /Nofile/],
    ],
    [
      'a digest of an image that is to be built',
      'local',
      (good) => ({ ...good, image: `${String(good['image'])}@sha256:${'a'.repeat(64)}` }),
      [/image/, /known only after the build/],
    ],
    [
      'a registry that is a web site',
      'local',
      (good) => ({ ...good, image: `${new URL(stage.sigstore.rekorUrl).host}/team/app` }),
      [/image/, /does not appear to be an OCI registry/],
    ],
  ];

  it.each(cases)(
    '%s (%s use): the error is on the property, and nothing is written',
    async (_what, use, declared, expected) => {
      const good = {
        image: `${stage.registry.host}/team/app`,
        build: { context: 'app' },
        key: { ref: stage.key.ref, password: secret(stage.key.password) },
      };
      stage.declare({ use, images: { app: declared(good) } });
      const engine = stage.stack(kind);
      const up = await engine.up();
      expect(up.ok).toBe(false);
      for (const part of expected) expect(up.errors.join('\n')).toMatch(part);
      expect(stage.writes()).toEqual([]);
      expect(stage.registry.store.repositories()).toEqual([]);
      const all = [await engine.exportState(), engine.logs(), saidBy(up)].join('\n');
      for (const hidden of [PASSWORD, stage.key.password]) expect(all).not.toContain(hidden);
    },
    SCENARIO,
  );

  it(
    'a work tree that differs from its commit: names the file, and writes nothing',
    async () => {
      stage.write('app/message.txt', 'not committed\n');
      const { ref, password } = stage.key;
      stage.declare({
        use: 'remote',
        images: {
          app: {
            image: `${stage.registry.host}/team/app`,
            build: { context: 'app' },
            key: { ref, password: secret(password) },
          },
        },
      });
      const up = await stage.stack(kind).up();
      expect(up.ok).toBe(false);
      expect(up.errors.join('\n')).toMatch(/source\.allowDirty/);
      expect(up.errors.join('\n')).toContain('message.txt');
      expect(stage.writes()).toEqual([]);
    },
    SCENARIO,
  );
});
