import { createPublicKey, generateKeyPairSync } from 'node:crypto';

import {
  enginesUnderTest,
  type EngineUnderTest,
  type RunOutcome,
} from '../../dev/engine/under-test';
import { pushImage } from '../interop/support/images';
import { everyByteOf } from './support/registry-content';
import { everyFileIn, secretsIn } from './support/secret-search';
import { openStage, SCENARIO, secret, type Stage } from './support/stage';

const USER = 'pusher';
const PASSWORDS = {
  'key password': 'canary-key-password-7f3a9c51e2',
  'password in COSIGN_PASSWORD': 'canary-environment-password-b8d04e66a1',
  'wrong password': 'canary-wrong-password-3c5e7f90d4',
  'registry password': 'canary-registry-password-d1e8a27b95',
  'wrong registry password': 'canary-no-registry-password-60c2f4ab18',
  'repository password': 'canary-repository-password-1b2d3f4a5c',
  'build secret': 'canary-build-secret-4a6b8c0d2e',
  'secret build argument': 'build-argument-9e7d5c3b1a',
};

/** The longest line of a PEM text: the key itself. */
const bodyOf = (pem: string): string =>
  pem.split('\n').reduce((longest, line) => (line.length > longest.length ? line : longest), '');

describe.each(enginesUnderTest())('secrets on the $engine engine', (kind) => {
  let stage: Stage;
  let existing: readonly string[] = [];
  let plainKey = '';
  let secrets: Readonly<Record<string, string>> = {};

  beforeAll(async () => {
    stage = await openStage();
    await stage.newKey('text', PASSWORDS['key password']);
    await stage.newKey('environment', PASSWORDS['password in COSIGN_PASSWORD']);
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    plainKey = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
    stage.write('app/Dockerfile', 'FROM scratch\nARG TOKEN\nCOPY message.txt /message.txt\n');
    stage.commit('takes an argument');
    const images = [];
    for (let i = 0; i < 3; i += 1) images.push(await pushImage(stage.registry.host));
    existing = images.map(({ reference }) => reference);
    stage.registry.settings.auth = {
      kind: 'basic',
      users: { [USER]: PASSWORDS['registry password'] },
    };
    const { token } = stage.newToken('job', { subject: 'https://ci.example.test/job' });
    const expired = stage.newToken('expired', {
      subject: 'https://ci.example.test/job',
      expiresIn: -60,
    });
    secrets = {
      ...PASSWORDS,
      'encrypted key': bodyOf(stage.read('text.key')),
      'plain key': bodyOf(plainKey),
      'basic authorization': Buffer.from(`${USER}:${PASSWORDS['registry password']}`).toString(
        'base64',
      ),
      'claims of the token': token.split('.')[1] ?? '',
      'signature of the token': token.split('.')[2] ?? '',
      'claims of the expired token': expired.token.split('.')[1] ?? '',
      'signature of the expired token': expired.token.split('.')[2] ?? '',
    };
  });
  afterAll(() => stage.close());

  const registry = (marked: boolean, password = PASSWORDS['registry password']): object => ({
    username: USER,
    password: marked ? secret(password) : password,
  });
  const built = (): Readonly<Record<string, unknown>> => ({
    image: `${stage.registry.host}/team/app`,
    build: {
      context: 'app',
      args: { TOKEN: secret(PASSWORDS['secret build argument']) },
      secrets: { npm: PASSWORDS['build secret'] },
    },
    key: { ref: secret(stage.read('text.key')), password: secret(PASSWORDS['key password']) },
    registry: registry(true),
    nonsecret: ['build.args.TOKEN'],
  });
  const env = { COSIGN_PASSWORD: PASSWORDS['password in COSIGN_PASSWORD'] };

  /** Looks for each of them in all that a stack has left behind. */
  const search = async (engine: EngineUnderTest, run: RunOutcome): Promise<void> => {
    const places = {
      state: await engine.exportState(),
      'files of the engine': everyFileIn(stage.stateDir),
      logs: engine.logs(),
      errors: run.errors.join('\n'),
      outputs: JSON.stringify(await engine.outputs()),
      registry: everyByteOf(stage.registry),
      'transparency log': Buffer.concat(stage.sigstore.log.entries.map(({ body }) => body)),
    };
    for (const [place, text] of Object.entries(places)) {
      expect({ place, found: secretsIn(text, secrets) }).toEqual({ place, found: [] });
    }
  };

  it('would be found: a search for what is there finds it', () => {
    expect(secretsIn(everyByteOf(stage.registry), { layer: 'a layer of amd64' })).toEqual([
      'layer',
    ]);
    const shown = { 'a password': PASSWORDS['key password'] };
    const encoded = Buffer.from(`{"auth":"${PASSWORDS['key password']}"}`).toString('base64');
    expect(secretsIn(encoded, shown)).toEqual(['a password']);
  });

  it.each(['local', 'remote'] as const)(
    'are nowhere after an update (%s use), marked as secret or not',
    async (use) => {
      const [first, second, third] = existing;
      const { fulcioUrl, rekorUrl, trustedRoot } = stage.sigstore;
      stage.declare({
        use,
        images: {
          built: built(),
          plain: { image: first, key: { ref: plainKey }, registry: registry(false) },
          environment: { image: second, key: { ref: 'environment.key' }, registry: registry(true) },
          identity: {
            image: third,
            keyless: { tokenFile: 'job.token' },
            sigstore: { fulcioUrl, rekorUrl, trustedRoot: JSON.stringify(trustedRoot) },
            registry: registry(true),
          },
        },
      });
      const engine = stage.stack(kind, env);
      const up = await engine.up();
      expect(up.errors).toEqual([]);
      await search(engine, up);
    },
    SCENARIO,
  );

  it.each(['local', 'remote'] as const)(
    'are nowhere after a verification whose password the program did not mark (%s use)',
    async (use) => {
      const [image] = existing;
      const signed = { image, key: { ref: plainKey }, registry: registry(false) };
      const keys = [String(createPublicKey(plainKey).export({ type: 'spki', format: 'pem' }))];
      const engine = stage.stack(kind, env);
      stage.declare({ use, images: { signed } });
      expect((await engine.up()).errors).toEqual([]);
      const verified = { verified: { image, keys, registry: registry(false) } };
      stage.declare({ use, images: { signed }, verified });
      const up = await engine.up();
      expect(up.errors).toEqual([]);
      await search(engine, up);
      // Refresh and the next update know it from the state, where it is encrypted.
      expect((await engine.refresh()).errors).toEqual([]);
      expect((await engine.up()).errors).toEqual([]);
    },
    SCENARIO,
  );

  it.each(['local', 'remote'] as const)(
    'are nowhere after an address of a repository with a password (%s use)',
    async (use) => {
      const repository = `https://ci:${PASSWORDS['repository password']}@git.example.test/app`;
      const app = { ...built(), source: { repository } };
      stage.declare({ use, images: { app } });
      const engine = stage.stack(kind, env);
      const up = await engine.up();
      expect(up.errors).toEqual([]);
      await search(engine, up);
      expect(JSON.stringify(await engine.outputs())).toContain('https://git.example.test/app');
    },
    SCENARIO,
  );

  const PUBLISHED: readonly (readonly [string, 'local' | 'remote', object])[] = [
    ['annotations.team', 'local', { annotations: { team: secret(PASSWORDS['wrong password']) } }],
    // A map that is secret as a whole: the names in it are secret too.
    ['annotations', 'remote', { annotations: secret({ team: PASSWORDS['wrong password'] }) }],
    [
      'provenance.parameters.ticket',
      'remote',
      { provenance: { parameters: { ticket: secret(PASSWORDS['wrong password']) } } },
    ],
    [
      'build.labels.owner',
      'local',
      { build: { context: 'app', labels: { owner: secret(PASSWORDS['wrong password']) } } },
    ],
    [
      'build.args.TOKEN',
      'remote',
      { build: { context: 'app', args: { TOKEN: secret(PASSWORDS['wrong password']) } } },
    ],
  ];

  it.each(PUBLISHED)(
    'are refused as %s, which would be published (%s use)',
    async (property, use, declared) => {
      stage.declare({ use, images: { app: { ...built(), nonsecret: undefined, ...declared } } });
      stage.forget();
      const engine = stage.stack(kind, env);
      const up = await engine.up();
      expect(up.ok).toBe(false);
      expect(up.errors.join('\n')).toContain(property);
      expect(up.errors.join('\n')).toMatch(/is marked as secret/);
      expect(stage.writes()).toEqual([]);
      await search(engine, up);
    },
    SCENARIO,
  );

  it(
    'are published if the caller permits it',
    async () => {
      const annotations = { team: secret('payments'), tier: secret('one') };
      const nonsecret = ['annotations.team', 'annotations.tier'];
      const { nonsecret: _none, ...app } = built();
      const build = { context: 'app' };
      stage.declare({ use: 'remote', images: { app: { ...app, build, annotations, nonsecret } } });
      const engine = stage.stack(kind, env);
      expect((await engine.up()).errors).toEqual([]);
      expect(await engine.outputs()).toMatchObject({
        app: { annotations: { team: 'payments', tier: 'one' } },
      });
    },
    SCENARIO,
  );

  const failing: readonly (readonly [
    string,
    'local' | 'remote',
    (good: Readonly<Record<string, unknown>>) => object,
    RegExp,
  ])[] = [
    [
      'a wrong key password',
      'local',
      (good) => ({
        ...good,
        key: { ref: stage.read('text.key'), password: PASSWORDS['wrong password'] },
      }),
      /key\.password/,
    ],
    [
      'an expired token, beside a key',
      'remote',
      (good) => ({ ...good, keyless: { tokenFile: 'expired.token' } }),
      /keyless/,
    ],
    [
      'a wrong registry password',
      'remote',
      (good) => ({ ...good, registry: registry(false, PASSWORDS['wrong registry password']) }),
      /REGISTRY_UNAUTHORIZED|registry\.(username|password)/,
    ],
    [
      'an expired token',
      'local',
      ({ key: _key, ...good }) => ({ ...good, keyless: { tokenFile: 'expired.token' } }),
      /keyless\.tokenFile/,
    ],
  ];

  it.each(failing)(
    'are nowhere after %s (%s use)',
    async (_what, use, declared, expected) => {
      stage.declare({ use, images: { app: declared(built()) } });
      const engine = stage.stack(kind, env);
      const up = await engine.up();
      expect(up.ok).toBe(false);
      expect(up.errors.join('\n')).toMatch(expected);
      await search(engine, up);
    },
    SCENARIO,
  );

  it(
    'are nowhere after a build that failed',
    async () => {
      stage.write('app/Dockerfile', 'FROM scratch\nARG TOKEN\nCOPY nothing-${TOKEN}.txt /\n');
      stage.commit('copies what is not there');
      stage.declare({ use: 'local', images: { app: built() } });
      const engine = stage.stack(kind, env);
      const up = await engine.up();
      expect(up.ok).toBe(false);
      expect(up.errors.join('\n')).toMatch(/BUILD_FAILED/);
      await search(engine, up);
    },
    SCENARIO,
  );
});
