import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type RunningSigstore, startSigstore } from '../../dev/sigstore';
import { resolveIdentityProvider } from '../../src/identity';
import { failureOf } from '../sign/support/failure';
import { everythingIn, testHost } from '../sign/support/host';

const COSIGN_TOKEN_FILE = '/var/run/sigstore/cosign/oidc-token';
const noFiles = () => Promise.reject(Object.assign(new Error('no such file'), { code: 'ENOENT' }));

let sigstore: RunningSigstore;
let folder: string;
beforeAll(async () => {
  sigstore = await startSigstore();
  folder = await mkdtemp(join(tmpdir(), 'signed-image-identity-'));
});
afterAll(async () => {
  await sigstore.close();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  delete sigstore.settings.faults.issuer;
});

const requests = () => sigstore.requests.filter(({ path }) => path === '/actions/token').length;

describe('the identity of GitHub Actions', () => {
  it('is requested with the audience, once per run', async () => {
    const before = requests();
    const host = testHost({ env: sigstore.issuer.actionsEnvironment() });
    const provider = await resolveIdentityProvider({ provider: 'github-actions' }, host);
    expect(requests()).toBe(before);

    const [first, second] = await Promise.all([provider.getToken(), provider.getToken()]);
    const token = await provider.getIdentityToken();
    expect(requests()).toBe(before + 1);
    expect(first).toBe(second);
    expect(first).toBe(token.raw);
    expect(sigstore.issuer.verify(first)).toMatchObject({ aud: 'sigstore' });
    expect(token.identity).toBe(
      'https://github.com/octo-org/octo-repo/.github/workflows/release.yml@refs/heads/main',
    );
  });

  it('is requested again when the token is about to expire', async () => {
    let clock = Date.now();
    const host = testHost({
      env: sigstore.issuer.actionsEnvironment(),
      now: () => new Date(clock),
    });
    const provider = await resolveIdentityProvider({}, host);
    const first = await provider.getToken();
    clock += 530_000;
    expect(await provider.getToken()).toBe(first);
    clock += 20_000;
    const [again, oncemore] = await Promise.all([provider.getToken(), provider.getToken()]);
    expect(again).not.toBe(first);
    expect(oncemore).toBe(again);
  });

  it('is requested with another audience if one is configured', async () => {
    const host = testHost({ env: sigstore.issuer.actionsEnvironment() });
    const { getToken } = await resolveIdentityProvider({ clientId: 'my-fulcio' }, host);
    expect(sigstore.issuer.verify(await getToken())).toMatchObject({ aud: 'my-fulcio' });
  });

  it('survives a busy GitHub', async () => {
    let calls = 0;
    sigstore.settings.faults.issuer = () => {
      calls += 1;
      if (calls === 1) return { kind: 'answer', answer: { status: 503, body: 'busy' } };
      return calls === 2 ? { kind: 'drop' } : undefined;
    };
    const host = testHost({ env: sigstore.issuer.actionsEnvironment() });
    await expect((await resolveIdentityProvider({}, host)).getToken()).resolves.toMatch(/^ey/);
    expect(calls).toBe(3);
  });

  it.each([
    ['403', { status: 403, body: '{}' }, 'permissions: id-token: write'],
    ['404', { status: 404, body: '{}' }, 'HTTP 404'],
    ['HTML', { status: 200, body: '<html>' }, 'something else than a token'],
    ['no value', { status: 200, body: '{"value":""}' }, 'something else than a token'],
    [
      'a redirect',
      { status: 302, headers: { location: 'https://elsewhere.invalid/' } },
      'could not be fetched',
    ],
  ])(
    'that is answered with %s fails without its credential being shown',
    async (_, answer, text) => {
      sigstore.settings.faults.issuer = () => ({ kind: 'answer', answer });
      const env = sigstore.issuer.actionsEnvironment();
      const error = await failureOf(
        (await resolveIdentityProvider({}, testHost({ env }))).getToken(),
      );
      expect(error).toMatchObject({ code: 'IDENTITY_UNAVAILABLE', property: 'keyless' });
      expect(error.message).toContain(text);
      expect(everythingIn(error)).not.toContain(env.ACTIONS_ID_TOKEN_REQUEST_TOKEN);
    },
  );

  it('that fails is requested again', async () => {
    const host = testHost({ env: sigstore.issuer.actionsEnvironment() });
    const provider = await resolveIdentityProvider({}, host);
    sigstore.settings.faults.issuer = () => ({ kind: 'answer', answer: { status: 403 } });
    await failureOf(provider.getToken());
    delete sigstore.settings.faults.issuer;
    await expect(provider.getToken()).resolves.toMatch(/^ey/);
  });

  it('does not send its credential over plain http to another machine', async () => {
    const env = {
      ACTIONS_ID_TOKEN_REQUEST_URL: 'http://actions.example/token',
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'canary-request-token',
    };
    const send = jest.fn();
    const error = await failureOf(
      (await resolveIdentityProvider({}, testHost({ env, send }))).getToken(),
    );
    expect(error.message).toContain('not an https URL');
    expect(send).not.toHaveBeenCalled();
  });

  it('reports what is missing if it was configured and is not available', async () => {
    const provider = await resolveIdentityProvider({ provider: 'github-actions' }, testHost());
    const error = await failureOf(provider.getToken());
    expect(error).toMatchObject({ code: 'IDENTITY_UNAVAILABLE', property: 'keyless' });
    expect(error.message).toContain('id-token: write');
  });

  it('never shows a token that the answer repeats', async () => {
    const server = createServer((_, response) =>
      response.writeHead(200).end('{"value": "not-a-web-token"}'),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const env = {
      ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${port}/`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'canary-request-token',
    };
    const error = await failureOf(
      (await resolveIdentityProvider({}, testHost({ env }))).getToken(),
    );
    server.close();
    expect(error).toMatchObject({ code: 'IDENTITY_TOKEN_INVALID', property: 'keyless' });
    expect(everythingIn(error)).not.toContain('not-a-web-token');
  });
});

describe('a stored token', () => {
  const token = () => sigstore.issuer.token({ subject: 'https://ci.example/job' });

  it('is read from the file that was named, again when it was renewed', async () => {
    const path = join(folder, 'token');
    let clock = Date.now();
    await writeFile(path, `${token()}\n`);
    const provider = await resolveIdentityProvider(
      { tokenFile: path },
      testHost({ now: () => new Date(clock) }),
    );
    expect(provider).toMatchObject({ local: true, name: `the identity token in the file ${path}` });
    expect(`${await provider.getToken()}\n`).toBe(await readFile(path, 'utf8'));
    const renewed = sigstore.issuer.token({ subject: 'https://ci.example/job', expiresIn: 3600 });
    await writeFile(path, renewed);
    clock += 545_000;
    expect(await provider.getToken()).toBe(renewed);
  });

  it('is read from the variable that was named', async () => {
    const env = { MY_TOKEN: token(), ...sigstore.issuer.actionsEnvironment() };
    const provider = await resolveIdentityProvider({ tokenEnv: 'MY_TOKEN' }, testHost({ env }));
    expect(await provider.getToken()).toBe(env.MY_TOKEN);
  });

  it('has a default location for each kind', async () => {
    const value = token();
    const fromVariable = await resolveIdentityProvider(
      { provider: 'env' },
      testHost({ env: { SIGSTORE_ID_TOKEN: value } }),
    );
    const fromFile = await resolveIdentityProvider(
      { provider: 'file' },
      testHost({
        readFile: (path) => (path === COSIGN_TOKEN_FILE ? Promise.resolve(value) : noFiles()),
      }),
    );
    expect([await fromVariable.getToken(), await fromFile.getToken()]).toEqual([value, value]);
  });

  it.each([
    [
      { tokenFile: '/nowhere/token' },
      'keyless.tokenFile',
      '/nowhere/token cannot be read (ENOENT)',
    ],
    [{ tokenEnv: 'MY_TOKEN' }, 'keyless.tokenEnv', 'MY_TOKEN is not set'],
    [{ provider: 'env' as const }, 'keyless.provider', 'SIGSTORE_ID_TOKEN is not set'],
  ])('that is not there (%j) fails on its property', async (config, property, text) => {
    const provider = await resolveIdentityProvider(config, testHost({ readFile: noFiles }));
    const error = await failureOf(provider.getToken());
    expect(error).toMatchObject({ code: 'IDENTITY_UNAVAILABLE', property });
    expect(error.message).toContain(text);
  });

  it('that has expired fails on its property, with its location and without its value', async () => {
    const expired = sigstore.issuer.token({ subject: 'job', expiresIn: -10 });
    const provider = await resolveIdentityProvider(
      { tokenEnv: 'MY_TOKEN' },
      testHost({ env: { MY_TOKEN: expired } }),
    );
    const error = await failureOf(provider.getToken());
    expect(error).toMatchObject({ code: 'IDENTITY_TOKEN_INVALID', property: 'keyless.tokenEnv' });
    expect(error.message).toContain('MY_TOKEN: the identity token has expired');
    for (const part of expired.split('.')) expect(everythingIn(error)).not.toContain(part);
  });
});

describe('where nothing is named', () => {
  const token = () => sigstore.issuer.token({ subject: 'job' });

  it("GitHub comes before SIGSTORE_ID_TOKEN, and that before cosign's file", async () => {
    const value = token();
    const readFile = () => Promise.resolve(value);
    const variable = { SIGSTORE_ID_TOKEN: value };
    const all = { ...variable, ...sigstore.issuer.actionsEnvironment() };
    const names = await Promise.all(
      [all, variable, {}].map(
        async (env) => (await resolveIdentityProvider({}, testHost({ env, readFile }))).name,
      ),
    );
    expect(names).toEqual([
      'the identity token of GitHub Actions',
      'the identity token in the environment variable SIGSTORE_ID_TOKEN',
      `the identity token in the file ${COSIGN_TOKEN_FILE}`,
    ]);
  });

  it.each([
    [{}, 'keyless.tokenFile or keyless.tokenEnv'],
    [{ GITHUB_ACTIONS: 'true' }, 'id-token: write'],
  ])('and no source is available (%j), all that were tried are reported', async (env, advice) => {
    const error = await failureOf(
      resolveIdentityProvider({}, testHost({ env, readFile: noFiles })),
    );
    expect(error).toMatchObject({ code: 'IDENTITY_UNAVAILABLE', property: 'keyless' });
    for (const text of [
      'ACTIONS_ID_TOKEN_REQUEST_URL',
      'SIGSTORE_ID_TOKEN',
      COSIGN_TOKEN_FILE,
      advice,
    ]) {
      expect(error.message).toContain(text);
    }
  });
});
