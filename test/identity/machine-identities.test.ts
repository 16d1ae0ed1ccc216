import {
  googleCloud,
  type GoogleDouble,
  kubernetesPod,
  spiffeAgent,
  type SpiffeDouble,
} from '../../dev/identity';
import { type RunningSigstore, startSigstore } from '../../dev/sigstore';
import { resolveIdentityProvider } from '../../src/sign';
import { failureOf } from '../sign/support/failure';
import { everythingIn, testHost } from '../sign/support/host';

let sigstore: RunningSigstore;
beforeAll(async () => {
  sigstore = await startSigstore();
});
afterAll(() => sigstore.close());

const noFiles = (code = 'ENOENT') => Promise.reject(Object.assign(new Error('none'), { code }));

describe('the identity of a machine of Google Cloud', () => {
  let google: GoogleDouble;
  beforeAll(async () => {
    google = await googleCloud(sigstore.issuer);
  });
  afterAll(() => google.stop());
  beforeEach(() => {
    google.fault = undefined;
  });
  const tokenOf = async (env: Readonly<Record<string, string>>, provider?: 'google') =>
    (await resolveIdentityProvider(provider ? { provider } : {}, testHost({ env }))).getToken();

  it('is requested from the metadata server, with the e-mail address in it', async () => {
    const claims = sigstore.issuer.verify(await tokenOf(google.env));
    expect(claims).toMatchObject({ aud: 'sigstore', email: google.identity.identity });
  });

  it.each([
    ['the firmware', {}, 'Google Compute Engine\n'],
    ['Cloud Run', { K_SERVICE: 'app' }, ''],
    ['a job of Cloud Run', { CLOUD_RUN_JOB: 'app' }, ''],
  ])('is found by %s without network requests', async (_, env, product) => {
    const readFile = (path: string) =>
      path.endsWith('product_name') ? Promise.resolve(product) : noFiles();
    const send = jest.fn();
    const { name } = await resolveIdentityProvider({}, testHost({ env, readFile, send }));
    expect(name).toBe("the identity token of Google's metadata server");
    expect(send).not.toHaveBeenCalled();
  });

  it('is not there without a service account', async () => {
    google.fault = () => ({ kind: 'answer', answer: { status: 404 } });
    const error = await failureOf(tokenOf(google.env, 'google'));
    expect(error).toMatchObject({ code: 'IDENTITY_UNAVAILABLE', property: 'keyless' });
    expect(error.message).toMatch(/HTTP 404; attach a service account to the machine/);
  });

  it('is not the response of another server at that address', async () => {
    const body = sigstore.issuer.token({ subject: 'someone' });
    google.fault = () => ({ kind: 'answer', answer: { status: 200, body } });
    const error = await failureOf(tokenOf(google.env));
    expect(error.message).toMatch(/something else than a token/);
    expect(everythingIn(error)).not.toContain(body);
  });

  it('may impersonate another account, if it is allowed to', async () => {
    const { env, identity } = google.impersonation;
    const claims = sigstore.issuer.verify(await tokenOf(env));
    expect(claims).toMatchObject({ email: identity.identity, aud: 'sigstore' });

    const other = { ...env, GOOGLE_SERVICE_ACCOUNT_NAME: 'other@project.iam.gserviceaccount.test' };
    const refused = await failureOf(tokenOf(other));
    expect(refused.message).toMatch(
      /HTTP 403; other@.*roles\/iam\.serviceAccountOpenIdTokenCreator/,
    );
    const invalid = await failureOf(tokenOf({ ...env, GOOGLE_SERVICE_ACCOUNT_NAME: 'other' }));
    expect(invalid.message).toMatch(/must be the e-mail address/);
    const plain = { ...env, CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS: 'http://iam.example/' };
    expect((await failureOf(tokenOf(plain))).message).toMatch(/is not an https URL/);
  });

  it('reports to log in if the access token is rejected', async () => {
    google.fault = ({ path }) =>
      path.startsWith('/v1/') ? { kind: 'answer', answer: { status: 401 } } : undefined;
    const error = await failureOf(tokenOf(google.impersonation.env));
    expect(error.message).toMatch(/IAM of Google Cloud .* HTTP 401; log in again/);
  });

  it('cannot impersonate with an invalid credential file, whose content is not shown', async () => {
    const file = '/nowhere/canary-folder/credentials.json';
    process.env['GOOGLE_APPLICATION_CREDENTIALS'] = file;
    const env = { ...google.federation.env, GOOGLE_APPLICATION_CREDENTIALS: file };
    const error = await failureOf(tokenOf(env));
    delete process.env['GOOGLE_APPLICATION_CREDENTIALS'];
    expect(error).toMatchObject({ code: 'IDENTITY_UNAVAILABLE', property: 'keyless' });
    expect(error.message).toMatch(/application default credentials .*\(.*\); check that the file/);
    expect(everythingIn(error)).not.toContain('canary-folder');
  });
});

describe('the identity of a SPIFFE workload', () => {
  let agent: SpiffeDouble;
  beforeAll(async () => {
    agent = await spiffeAgent(sigstore.issuer);
  });
  afterAll(() => agent.stop());
  beforeEach(() => {
    agent.answer = 'identity';
  });
  const tokenOf = async (env: Readonly<Record<string, string>>, clientId?: string) => {
    const config = { provider: 'spiffe', clientId } as const;
    return (await resolveIdentityProvider(config, testHost({ env }))).getToken();
  };

  it.each([
    ['a URI', (socket: string) => `unix://${socket}`],
    ['a path, as cosign wants it', (socket: string) => socket],
  ])('is requested from the agent at the socket in %s', async (_, named) => {
    const env = { SPIFFE_ENDPOINT_SOCKET: named(agent.socket) };
    const claims = sigstore.issuer.verify(await tokenOf(env, 'my-fulcio'));
    expect(claims).toMatchObject({ sub: agent.identity.identity, aud: ['my-fulcio'] });
    expect(agent.audiences.at(-1)).toBe('my-fulcio');
  });

  it('is found by the socket at the usual path', async () => {
    const readFile = (path: string) =>
      noFiles(path === '/tmp/spire-agent/public/api.sock' ? 'ENXIO' : 'ENOENT');
    const { name } = await resolveIdentityProvider({}, testHost({ readFile }));
    expect(name).toBe('the JWT-SVID of the SPIFFE agent at unix:/tmp/spire-agent/public/api.sock');
  });

  it.each([
    ['unregistered', /PERMISSION_DENIED\); register this workload/],
    ['nothing', /without a JWT-SVID; register this workload/],
  ] as const)('is not given to a workload that is known as %s', async (answer, expected) => {
    agent.answer = answer;
    const error = await failureOf(tokenOf(agent.env));
    expect(error).toMatchObject({ code: 'IDENTITY_UNAVAILABLE', property: 'keyless' });
    expect(error.message).toMatch(expected);
  });

  it.each(['unix:///nowhere/api.sock', 'tcp://127.0.0.1:1'])(
    'is not there at %s',
    async (socket) => {
      const error = await failureOf(tokenOf({ SPIFFE_ENDPOINT_SOCKET: socket }));
      expect(error.message).toMatch(
        /UNAVAILABLE\); see that the agent runs.*SPIFFE_ENDPOINT_SOCKET/,
      );
    },
  );
});

describe('the identity of a Kubernetes service account', () => {
  it('is read again when the kubelet renewed it', async () => {
    const pod = await kubernetesPod(sigstore.issuer);
    const first = await pod.renew(300);
    let clock = Date.now();
    const config = { provider: 'kubernetes', tokenFile: pod.tokenFile } as const;
    const host = testHost({ now: () => new Date(clock) });
    const provider = await resolveIdentityProvider(config, host);
    expect(await provider.getToken()).toBe(first);
    const second = await pod.renew();
    expect(await provider.getToken()).toBe(first);
    clock += 290_000;
    expect(await provider.getToken()).toBe(second);
    await pod.stop();
  });

  it('reports how to project it, if it is missing or for another audience', async () => {
    const pod = await kubernetesPod(sigstore.issuer, 'https://kubernetes.default.svc');
    for (const tokenFile of [pod.tokenFile, '/nowhere/token']) {
      const config = { provider: 'kubernetes', tokenFile } as const;
      const error = await failureOf((await resolveIdentityProvider(config, testHost())).getToken());
      expect(error.property).toBe('keyless.tokenFile');
      expect(error.message).toContain(
        'a projected `serviceAccountToken` with `audience: sigstore`',
      );
    }
    await pod.stop();
  });

  it('is found at the path where cosign mounts it, in a pod', async () => {
    const token = sigstore.issuer.token({ subject: 'job' });
    const readFile = (path: string) =>
      path === '/var/run/sigstore/cosign/oidc-token' ? Promise.resolve(token) : noFiles();
    const env = { KUBERNETES_SERVICE_HOST: '10.0.0.1' };
    const { name } = await resolveIdentityProvider({}, testHost({ env, readFile }));
    expect(name).toMatch(/^the Kubernetes service account token in /);
  });
});
