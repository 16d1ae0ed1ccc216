import { generateKeyPairSync, type KeyObject } from 'node:crypto';

import { encryptPrivateKey } from '../../../src/sign';
import { Secret, UNKNOWN } from '../../../src/pulumi/plugin/protocol/wire-value';
import { openWorkbench, PASSWORD, type Workbench } from './support/workbench';

let bench: Workbench;
beforeAll(async () => {
  bench = await openWorkbench();
});
afterAll(() => bench.close());
beforeEach(() => {
  bench.registry.clearRequests();
  bench.registry.settings.faults = undefined;
});

const image = (): string => `${bench.registry.host}/team/app:v1`;
const key = { ref: 'cosign.key', password: new Secret(PASSWORD) };
const build = { context: 'app' };
const good = (): Record<string, unknown> => ({ image: image(), build, key });

/** The problems of a declaration; nothing of it may have been written. */
async function problemsOf(declared: Record<string, unknown>): Promise<readonly string[]> {
  const problems = await bench.problems('SigningPlan', declared);
  expect(bench.writes()).toEqual([]);
  return problems;
}

const pem = (key: KeyObject): string => String(key.export({ type: 'pkcs8', format: 'pem' }));

describe('a declaration that is right', () => {
  it('has no problem', async () => {
    expect(await problemsOf(good())).toEqual([]);
  });

  it('has no problems while its values are unknown', async () => {
    const unknowns = {
      image: UNKNOWN,
      build: { context: UNKNOWN, args: { A: UNKNOWN }, platforms: UNKNOWN },
      key: { ref: UNKNOWN, password: UNKNOWN },
      annotations: UNKNOWN,
      sigstore: { rekorUrl: UNKNOWN },
      registry: { username: UNKNOWN, password: UNKNOWN },
      verify: { keys: [UNKNOWN] },
    };
    expect(await problemsOf(unknowns)).toEqual([]);
    expect(await problemsOf({ image: image(), key, build: UNKNOWN })).toEqual([]);
    expect(await problemsOf({ image: image(), keyless: UNKNOWN, build })).toEqual([]);
  });
});

describe('every invalid input is reported on its property, before anything is written', () => {
  const cases: readonly [string, () => Record<string, unknown>, RegExp][] = [
    ['no image', () => ({ ...good(), image: undefined }), /^image: is required/],
    [
      'a malformed image',
      () => ({ ...good(), image: 'UPPER/case' }),
      /^image: .*not an image reference/,
    ],
    ['no signer', () => ({ ...good(), key: undefined }), /^key: no signer is configured/],
    ['two signers', () => ({ ...good(), keyless: {} }), /^keyless: two signers are configured/],
    [
      'a digest and a build',
      () => ({ ...good(), image: `${image()}@sha256:${'a'.repeat(64)}` }),
      /^image: has a digest, which is known only after the build/,
    ],
    [
      'an unknown key scheme',
      () => ({ ...good(), key: { ref: 'magic://x' } }),
      /^key\.ref: magic:\/\/ is not a supported key source/,
    ],
    ['no key reference', () => ({ ...good(), key: { password: 'canary-x-x-x-x' } }), /^key\.ref: /],
    [
      'a GitHub secret',
      () => ({ ...good(), key: { ref: 'github://team/app' } }),
      /^key\.ref: .*GitHub never returns secrets.*env:\/\/COSIGN_PRIVATE_KEY/,
    ],
    [
      'a key file that is not there',
      () => ({ ...good(), key: { ref: 'other.key' } }),
      /^key\.ref: .*other\.key/,
    ],
    [
      'a wrong password',
      () => ({ ...good(), key: { ref: 'cosign.key', password: 'canary-wrong-password-1' } }),
      /^key\.password: .*password/,
    ],
    [
      'keyless without a token',
      () => ({ ...good(), key: undefined, keyless: {} }),
      /^keyless: no .*token/,
    ],
    [
      'a token file that is not there',
      () => ({ ...good(), key: undefined, keyless: { tokenFile: 'none.token' } }),
      /^keyless\.tokenFile: /,
    ],
    [
      'an annotation that cosign prints',
      () => ({ ...good(), annotations: { Issuer: 'x' } }),
      /^annotations\["Issuer"\]: cosign prints/,
    ],
    [
      'an annotation that is a fact',
      () => ({ ...good(), annotations: { commit: 'x' } }),
      /^annotations\["commit"\]: .*source\.commit/,
    ],
    [
      'a missing context',
      () => ({ ...good(), build: { context: 'nowhere' } }),
      /^build\.context: .*does not exist/,
    ],
    [
      'a missing Dockerfile',
      () => ({ ...good(), build: { ...build, dockerfile: 'app/None' } }),
      /^build\.dockerfile: .*does not exist/,
    ],
    [
      'an unknown builder',
      () => ({ ...good(), build: { ...build, builder: 'kaniko' } }),
      /^build\.builder: /,
    ],
    [
      'a malformed platform',
      () => ({ ...good(), build: { ...build, platforms: ['linux'] } }),
      /^build\.platforms\[0\]: /,
    ],
    [
      'an unknown format',
      () => ({ ...good(), format: 'jar' }),
      /^format: must be one of bundle, legacy, both/,
    ],
    [
      'a signed identity that is not a reference',
      () => ({ ...good(), format: 'legacy', signedIdentity: 'https://registry.example.com/app' }),
      /^signedIdentity: .*not an image reference: a reference must not have a scheme/,
    ],
    [
      'a signed identity that no format stores',
      () => ({ ...good(), signedIdentity: 'registry.example.com/app:v1' }),
      /^signedIdentity: is not stored by the format "bundle"/,
    ],
    [
      'an unknown transparency',
      () => ({ ...good(), transparency: 'some' }),
      /^transparency: must be one of/,
    ],
    [
      'a private log without one',
      () => ({ ...good(), transparency: 'private' }),
      /^transparency: "private" needs/,
    ],
    [
      'an invalid commit',
      () => ({ ...good(), source: { commit: 'HEAD' } }),
      /^source\.commit: must be a full commit id/,
    ],
    [
      'a trusted key that cannot be read',
      () => ({ ...good(), verify: { keys: ['none.pub'] } }),
      /^verify\.keys\[0\]: /,
    ],
    [
      'provenance without a build',
      () => ({
        ...good(),
        image: UNKNOWN,
        build: undefined,
        provenance: { builderId: 'https://x.test/b' },
      }),
      /^provenance\.builderId: .*an existing image/,
    ],
    [
      'a value of the wrong type',
      () => ({ ...good(), build: { ...build, args: ['A=1'] } }),
      /^build\.args: must be an object/,
    ],
    [
      'an image that is not there',
      () => ({ image: `${bench.registry.host}/team/none:v1`, key }),
      /^image: .*has no team\/none/,
    ],
    [
      'a registry whose name does not resolve',
      () => ({ ...good(), image: 'registry.invalid:5000/team/app' }),
      /^image: the name registry\.invalid does not resolve (?!.*insecure)/,
    ],
  ];

  it.each(cases)('%s', async (_what, declared, expected) => {
    const problems = await problemsOf(declared());
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(expected);
  });

  it('reports all of them together', async () => {
    const problems = await problemsOf({
      image: image(),
      build: { context: 'nowhere', platforms: ['linux'] },
      key: { ref: 'cosign.key', password: 'canary-wrong-password-2' },
      annotations: { Issuer: 'x' },
      format: 'jar',
    });
    const properties = problems.map((problem) => problem.split(':')[0]);
    expect(new Set(properties)).toEqual(
      new Set([
        'build.context',
        'build.platforms[0]',
        'key.password',
        'annotations["Issuer"]',
        'format',
      ]),
    );
  });
});

describe('keys that not every verifier takes', () => {
  it.each([
    ['P-384', () => generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey],
    ['Ed25519', () => generateKeyPairSync('ed25519').privateKey],
    ['RSA of 4096 bits', () => generateKeyPairSync('rsa', { modulusLength: 4096 }).privateKey],
  ] as const)('%s is refused', async (_name, make) => {
    const [plain, encrypted] = [
      pem(make()),
      await encryptPrivateKey(make(), PASSWORD, { cost: 32768 }),
    ];
    for (const ref of [plain, encrypted]) {
      const problems = await problemsOf({
        ...good(),
        key: { ref: new Secret(ref), password: PASSWORD },
      });
      expect(problems).toHaveLength(1);
      expect(problems[0]).toMatch(/^key\.ref: .*(P-256|cosign generate-key-pair)/);
      expect(problems[0]).not.toContain('PRIVATE KEY');
    }
  });
});

describe('tokens', () => {
  it.each([
    ['expired', { expiresIn: -60 }, /expired/],
    ['of another audience', { audience: 'somebody-else' }, /audience/],
  ] as const)('one that is %s is refused and not shown', async (_name, request, expected) => {
    const token = await bench.sigstore.issuer.token({
      subject: 'https://ci.example.test/job',
      ...request,
    });
    bench.write('oidc.token', token);
    const problems = await problemsOf({
      ...good(),
      key: undefined,
      keyless: { tokenFile: 'oidc.token' },
    });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(expected);
    expect(problems[0]).toMatch(/^keyless/);
    for (const part of token.split('.')) expect(problems[0]).not.toContain(part);
  });

  it('one that is malformed is refused and not shown', async () => {
    bench.write('oidc.token', 'canary-not-a-token-but-still-private');
    const problems = await problemsOf({
      ...good(),
      key: undefined,
      keyless: { tokenFile: 'oidc.token' },
    });
    expect(problems).toHaveLength(1);
    expect(problems[0]).not.toContain('still-private');
  });
});

describe('a registry that denies access', () => {
  it.each([
    [
      401,
      { errors: [{ code: 'UNAUTHORIZED', message: 'no' }] },
      /^image: .*registry\.(username|password)/,
    ],
    [403, { errors: [{ code: 'DENIED', message: 'no' }] }, /^image: /],
  ] as const)('%s is an error', async (status, body, expected) => {
    bench.registry.settings.faults = async () => ({
      status,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify(body)),
    });
    const problems = await problemsOf(good());
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(expected);
  });

  it.each([200, 404])('a web page with status %s is not a registry response', async (status) => {
    bench.registry.settings.faults = async () => ({
      status,
      headers: { 'content-type': 'text/html' },
      body: Buffer.from('<!doctype html><title>Welcome</title>'),
    });
    const problems = await problemsOf(good());
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^image: /);
  });
});

describe('a work tree that differs from its commit', () => {
  afterEach(() => bench.commit());

  it('is an error unless it is allowed', async () => {
    bench.write('app/message.txt', `changed\n`);
    const problems = await problemsOf(good());
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^source\.allowDirty: .*message\.txt/);
    expect(await problemsOf({ ...good(), source: { allowDirty: true } })).toEqual([]);
  });
});
