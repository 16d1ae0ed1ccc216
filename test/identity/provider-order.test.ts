import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  buildkiteAgent,
  circleCiJob,
  GITLAB_CLAIMS,
  gitlabCi,
  storedToken,
} from '../../dev/identity';
import { type RunningSigstore, startSigstore } from '../../dev/sigstore';
import {
  createTokenCache,
  expectedIdentity,
  IDENTITY_PROVIDERS,
  resolveIdentityProvider,
} from '../../src/sign';
import { failureOf } from '../sign/support/failure';
import { testHost } from '../sign/support/host';

let sigstore: RunningSigstore;
beforeAll(async () => {
  sigstore = await startSigstore();
});
afterAll(() => sigstore.close());

const COSIGN_FILE = '/var/run/sigstore/cosign/oidc-token';
const absent = () => Promise.reject(Object.assign(new Error('none'), { code: 'ENOENT' }));

describe('where no provider is named', () => {
  it('the first that is there is taken, in the order that is documented', async () => {
    const { issuer } = sigstore;
    const [agent, circle] = [await buildkiteAgent(issuer), await circleCiJob(issuer)];
    const token = storedToken(issuer).env;
    const steps: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
      ['GitHub Actions', issuer.actionsEnvironment()],
      ['GitLab CI', gitlabCi(issuer).env],
      ['Buildkite', agent.env],
      ['CircleCI', circle.env],
      ['the environment variable SIGSTORE_ID_TOKEN', token],
      ['the Kubernetes service account', { KUBERNETES_SERVICE_HOST: '10.0.0.1' }],
      ['in the file', {}],
      ['Google service account', { GOOGLE_SERVICE_ACCOUNT_NAME: 'a@b.test' }],
      ['metadata server', { GCE_METADATA_HOST: '127.0.0.1:1' }],
      ['SPIFFE agent', { SPIFFE_ENDPOINT_SOCKET: '/nowhere' }],
    ];
    const names = [];
    for (let first = 0; first < steps.length; first += 1) {
      // All later providers in the order are available as well.
      const env = Object.assign(
        {},
        ...steps
          .slice(first)
          .map(([, each]) => each)
          .reverse(),
      );
      const hasFile = first <= 6;
      const readFile = (path: string) =>
        hasFile && path === COSIGN_FILE ? Promise.resolve('token') : absent();
      names.push((await resolveIdentityProvider({}, testHost({ env, readFile }))).name);
    }
    expect(names).toEqual(steps.map(([name]) => expect.stringContaining(name)));
    // The ten sources of `auto` above, and the two interactive ones.
    expect(IDENTITY_PROVIDERS).toHaveLength(1 + steps.length + 2);
    await Promise.all([agent.stop(), circle.stop()]);
  });

  it('all sources that were tried are reported if none is available', async () => {
    const error = await failureOf(resolveIdentityProvider({}, testHost({ readFile: absent })));
    for (const place of [
      'GitHub',
      'GitLab',
      'Buildkite',
      'CircleCI',
      COSIGN_FILE,
      'Google',
      'SPIFFE',
    ])
      expect(error.message).toContain(place);
    expect(error.message).toContain('keyless.provider "browser" or "device"');
  });
});

describe('the tokens of one run', () => {
  it('are requested once for each audience and issuer', async () => {
    const requests = () => sigstore.requests.filter(({ path }) => path === '/actions/token').length;
    const host = testHost({
      env: sigstore.issuer.actionsEnvironment(),
      tokens: createTokenCache(),
    });
    const before = requests();
    for (const clientId of ['sigstore', 'other', undefined]) {
      await (await resolveIdentityProvider({ clientId }, host)).getToken();
    }
    expect(requests() - before).toBe(2);
    await (await resolveIdentityProvider({ issuer: sigstore.issuer.url }, host)).getToken();
    expect(requests() - before).toBe(3);
  });

  it('that live for a minute are used for a part of it', async () => {
    let clock = Date.now();
    const folder = await mkdtemp(join(tmpdir(), 'signed-image-short-'));
    const tokenFile = join(folder, 'token');
    const short = () => sigstore.issuer.token({ subject: 'job', expiresIn: 60 });
    const first = short();
    await writeFile(tokenFile, first);
    const host = testHost({ now: () => new Date(clock) });
    const provider = await resolveIdentityProvider({ tokenFile }, host);
    expect(await provider.getToken()).toBe(first);
    await writeFile(tokenFile, sigstore.issuer.token({ subject: 'job', expiresIn: 600 }));
    clock += 20_000;
    expect(await provider.getToken()).toBe(first);
    clock += 25_000;
    expect(await provider.getToken()).not.toBe(first);
    await rm(folder, { recursive: true });
  });

  it('that have expired when a service issues them report a wrong clock', async () => {
    const env = sigstore.issuer.actionsEnvironment();
    const now = () => new Date(Date.now() + 3_600_000);
    const provider = await resolveIdentityProvider({}, testHost({ env, now }));
    const error = await failureOf(provider.getToken());
    expect(error).toMatchObject({ code: 'IDENTITY_TOKEN_INVALID' });
    expect(error.message).toMatch(/issued just now and has expired by this machine's clock/);
  });

  it('must be by the declared issuer', async () => {
    const env = storedToken(sigstore.issuer).env;
    const issuer = 'https://other.test';
    const provider = await resolveIdentityProvider({ issuer }, testHost({ env }));
    const error = await failureOf(provider.getToken());
    expect(error).toMatchObject({ code: 'IDENTITY_TOKEN_INVALID', property: 'keyless.issuer' });
    expect(error.message).toContain(`was issued by ${sigstore.issuer.url}, not by ${issuer}`);
  });
});

describe('the expected signer', () => {
  const expected = (claims: Readonly<Record<string, unknown>>) => {
    const env = { SIGSTORE_ID_TOKEN: sigstore.issuer.token({ claims }) };
    return expectedIdentity({}, testHost({ env }));
  };

  it('is the same on every branch, and another for another pipeline', async () => {
    const issuer = sigstore.issuer.url;
    const onBranch = (path: string, branch: string) =>
      expected({
        ...GITLAB_CLAIMS,
        ci_config_ref_uri: `gitlab.com/${path}//.gitlab-ci.yml@refs/heads/${branch}`,
      });
    const main = await onBranch('team/app', 'main');
    expect(main).toEqual({ issuer, identity: 'https://gitlab.com/team/app//.gitlab-ci.yml' });
    expect(await onBranch('team/app', 'feature')).toEqual(main);
    expect(await onBranch('team/other', 'main')).not.toEqual(main);
  });

  it('is unknown for a subject that may contain the number of a job', async () => {
    const issuer = sigstore.issuer.url;
    expect(await expected({ sub: '{repository}:{step}' })).toEqual({ issuer });
    expect(await expected({ sub: 'spiffe://a.test/b' })).toEqual({
      issuer,
      identity: 'spiffe://a.test/b',
    });
  });

  it('is not requested, and unknown for an invalid token', async () => {
    const send = jest.fn();
    const env = sigstore.issuer.actionsEnvironment();
    expect(await expectedIdentity({}, testHost({ env, send }))).toBeUndefined();
    expect(send).not.toHaveBeenCalled();
    const bad = { SIGSTORE_ID_TOKEN: 'no token' };
    expect(await expectedIdentity({}, testHost({ env: bad }))).toBeUndefined();
  });
});
