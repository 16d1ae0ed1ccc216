import { personAtBrowser } from '../../dev/identity';
import { type RunningSigstore, startSigstore } from '../../dev/sigstore';
import {
  isInteractiveProvider,
  createTokenCache,
  type KeylessConfig,
  type InteractiveLogin,
  resolveIdentityProvider,
} from '../../src/sign';
import { addressFault } from '../../src/identity/login/issuer';
import { failureOf } from '../sign/support/failure';
import { everythingIn, testHost } from '../sign/support/host';

let sigstore: RunningSigstore;
beforeAll(async () => {
  sigstore = await startSigstore();
});
afterAll(() => sigstore.close());
beforeEach(() => {
  delete sigstore.settings.faults.issuer;
  Object.assign(sigstore.issuer.login, {
    decision: 'approve',
    deviceCodeExpiresIn: 300,
    claims: {},
  });
});

const signIn = async (
  provider: 'browser' | 'device',
  person: InteractiveLogin | undefined,
  change: Partial<KeylessConfig> = {},
) => {
  const config = { provider, issuer: sigstore.issuer.url, ...change };
  return (
    await resolveIdentityProvider(config, testHost({ interactiveLogin: person }))
  ).getIdentityToken();
};

const requestsTo = (path: string) => sigstore.requests.filter((request) => request.path === path);

describe('a user who is prompted to sign in', () => {
  it('with a browser gets an address, and signs in with PKCE', async () => {
    const person = personAtBrowser();
    const token = await signIn('browser', person, { clientId: 'my-client' });
    await person.settled();
    const { email, url } = { ...sigstore.issuer.login, url: sigstore.issuer.url };
    expect(token).toMatchObject({ identity: email, issuer: url, claims: { aud: 'my-client' } });
    expect(person.messages).toHaveLength(1);
    expect(person.messages[0]).toMatch(/^sign in with a browser on this machine: http/);
    expect(person.messages[0]).toMatch(/code_challenge_method=S256/);
    // The secrets of the exchange are not announced.
    const [exchange] = requestsTo('/token').slice(-1);
    const form = new URLSearchParams(exchange?.body.toString('utf8'));
    for (const name of ['code', 'code_verifier']) {
      expect(form.get(name)).toMatch(/\S{20,}/);
      expect(person.messages.join()).not.toContain(form.get(name));
    }
  });

  it('with a device code gets an address and a code', async () => {
    const person = personAtBrowser();
    const token = await signIn('device', person);
    expect(token.identity).toBe(sigstore.issuer.login.email);
    expect(person.messages).toEqual([
      expect.stringMatching(/^sign in with any browser: http\S+user_code=(\w+) \(code \1\)$/),
    ]);
  });

  it.each(['browser', 'device'] as const)(
    'and refuses by %s gets the remedy, and is not prompted again in this run',
    async (provider) => {
      sigstore.issuer.login.decision = 'deny';
      const person = personAtBrowser();
      const config = { provider, issuer: sigstore.issuer.url } as const;
      const host = testHost({ interactiveLogin: person, tokens: createTokenCache() });
      const first = await resolveIdentityProvider(config, host);
      const error = await failureOf(first.getToken());
      expect(error).toMatchObject({ code: 'IDENTITY_UNAVAILABLE', property: 'keyless.provider' });
      expect(error.message).toMatch(
        /the sign-in was refused; run again to sign in, or give keyless/,
      );
      const second = await resolveIdentityProvider(config, host);
      expect(await failureOf(second.getToken())).toBe(error);
      expect(person.messages).toHaveLength(1);
    },
  );

  it.each(['browser', 'device'] as const)(
    'and closes the browser (%s) is waited for a bounded time',
    async (provider) => {
      sigstore.issuer.login.decision = 'wait';
      const person = { ...personAtBrowser(), timeoutMs: 300 };
      const error = await failureOf(signIn(provider, person));
      expect(error).toMatchObject({ code: 'IDENTITY_UNAVAILABLE', property: 'keyless.provider' });
      expect(error.message).toMatch(
        /no user signed in at .* within 1 seconds; run again to sign in/,
      );
    },
  );

  it('and lets the code expire gets an error', async () => {
    sigstore.issuer.login.decision = 'wait';
    sigstore.issuer.login.deviceCodeExpiresIn = 1;
    const error = await failureOf(signIn('device', personAtBrowser()));
    expect(error.message).toMatch(/no user signed in|the code expired before the user signed in/);
  });

  it('is not misled by another page that calls the address that is waited at', async () => {
    const heard: string[] = [];
    const announce = (message: string): void => {
      heard.push(message);
      const address = new URL(/http\S+/.exec(message)?.[0] ?? '');
      const redirect = address.searchParams.get('redirect_uri') ?? '';
      void (async () => {
        const answers = await Promise.all([
          fetch(`${redirect}?state=guessed&error=access_denied`),
          fetch(new URL('/favicon.ico', redirect)),
          fetch(redirect, { method: 'POST' }),
        ]);
        heard.push(...answers.map(({ status }) => String(status)));
        await fetch(address);
      })();
    };
    const token = await signIn('browser', { announce });
    expect(token.identity).toBe(sigstore.issuer.login.email);
    expect(heard.slice(1)).toEqual(['404', '404', '404']);
  });

  it('is prompted once for all signatures of a run', async () => {
    const person = personAtBrowser();
    const config = { provider: 'browser', issuer: sigstore.issuer.url } as const;
    const host = testHost({ interactiveLogin: person, tokens: createTokenCache() });
    const providers = await Promise.all([1, 2, 3].map(() => resolveIdentityProvider(config, host)));
    const tokens = await Promise.all(providers.map(({ getToken }) => getToken()));
    expect(new Set(tokens).size).toBe(1);
    expect(person.messages).toHaveLength(1);
  });
});

describe('an issuer that cannot be used', () => {
  it('because its discovery fails is reported', async () => {
    sigstore.settings.faults.issuer = () => ({ kind: 'answer', answer: { status: 500 } });
    const error = await failureOf(signIn('browser', personAtBrowser()));
    expect(error).toMatchObject({ code: 'IDENTITY_UNAVAILABLE', property: 'keyless.issuer' });
    expect(error.message).toMatch(/discovery of the issuer .* failed .*openid-configuration/);
  });

  it.each(['http://issuer.example', 'issuer'])('because it is %s is refused', async (issuer) => {
    const error = await failureOf(signIn('device', personAtBrowser(), { issuer }));
    expect(error).toMatchObject({ property: 'keyless.issuer' });
    expect(error.message).toMatch(/must be an https address/);
  });

  /** Answers one path of the issuer with this document. */
  const answered = (start: string, document: object | Buffer): void => {
    sigstore.settings.faults.issuer = ({ path }) =>
      path.startsWith(start)
        ? {
            kind: 'answer',
            answer: {
              status: 200,
              headers: { 'content-type': 'application/json' },
              body: Buffer.isBuffer(document) ? document : JSON.stringify(document),
            },
          }
        : undefined;
  };

  it.each([
    'http://elsewhere.example/authorize',
    'javascript:alert(1)',
    'https://a.example/\u001b[',
  ])(
    'because it sends people to %j is refused before it is shown',
    async (authorization_endpoint) => {
      const issuer = sigstore.issuer.url;
      const document = { issuer, token_endpoint: `${issuer}/token`, authorization_endpoint };
      answered('/.well-known/', document);
      const person = personAtBrowser();
      const error = await failureOf(signIn('browser', person));
      expect(error).toMatchObject({ code: 'IDENTITY_UNAVAILABLE', property: 'keyless.issuer' });
      expect(error.message).not.toContain('\u001b');
      expect(person.messages).toEqual([]);
    },
  );

  it.each([
    ['https://issuer.example', 'https://localhost/a', /on this machine/],
    ['https://issuer.example', 'https://[::1]/a', /on this machine/],
    ['https://issuer.example', 'https://169.254.169.254/a', /on this machine/],
    ['https://issuer.example', 'http://issuer.example/a', /not https/],
    ['https://issuer.example', '/authorize', /not a valid address/],
    ['http://127.0.0.1:1', 'http://127.0.0.1:2/a', undefined],
    ['https://issuer.example', 'https://accounts.example/a', undefined],
  ])('because %s names %s, unless that is fit', (issuer, endpoint, expected) => {
    const fault = addressFault(endpoint, new URL(issuer));
    if (expected === undefined) expect(fault).toBeUndefined();
    else expect(fault).toMatch(expected);
  });

  it.each([
    ['is endless', Buffer.alloc(8 * 1024 * 1024, ' ')],
    ['has very many values', Buffer.from(`{"a":[${'{},'.repeat(100_000)}{}]}`)],
  ])('because its answer %s is not parsed', async (_, body) => {
    answered('/.well-known/', body);
    const error = await failureOf(signIn('browser', personAtBrowser()));
    expect(error.message).toMatch(/too much JSON|sent more than/);
  });

  it.each([
    ['a code with control characters', { user_code: 'A\u001b[2J' }, /cannot be typed/],
    ['an address that is not https', { verification_uri: 'http://x.example/' }, /not https/],
    ['another address for browsers', { verification_uri_complete: 'file:///etc' }, /not https/],
  ])('because it gives a person %s is refused', async (_, change, expected) => {
    const document = {
      device_code: 'd',
      user_code: 'ABCD',
      verification_uri: `${sigstore.issuer.url}/device`,
      expires_in: 60,
      ...change,
    };
    answered('/device/code', document);
    const person = personAtBrowser();
    const error = await failureOf(signIn('device', person));
    expect(error).toMatchObject({ code: 'IDENTITY_UNAVAILABLE' });
    expect(error.message).toMatch(expected);
    expect(person.messages).toEqual([]);
  });

  it('without support for device codes uses the browser', async () => {
    sigstore.settings.faults.issuer = ({ path }) =>
      path.startsWith('/.well-known/')
        ? {
            kind: 'answer',
            answer: {
              status: 200,
              headers: { 'content-type': 'application/json' },
              body: JSON.stringify({
                issuer: sigstore.issuer.url,
                token_endpoint: `${sigstore.issuer.url}/token`,
              }),
            },
          }
        : undefined;
    const error = await failureOf(signIn('device', personAtBrowser()));
    expect(error.message).toMatch(
      /does not support sign-in by device code; use keyless.provider "browser"/,
    );
  });

  it.each([
    ['by another client', { aud: 'another' }, /for another client or by another issuer/],
    ['of the past', { exp: 1_000 }, /check this machine's clock/],
  ])('because its token is %s is reported, without the token', async (_, claims, expected) => {
    sigstore.issuer.login.claims = claims;
    const error = await failureOf(signIn('browser', personAtBrowser()));
    expect(error).toMatchObject({ code: 'IDENTITY_UNAVAILABLE' });
    expect(error.message).toMatch(expected);
    expect(everythingIn(error)).not.toMatch(/eyJ[\w-]{20}/);
  });

  it.each([
    [
      'an error of its own',
      { status: 400, body: '{"error":"invalid_client"}' },
      /keyless.clientId/,
    ],
    ['an unknown error', { status: 400, body: '{"error":"odd"}' }, /the issuer refused \(odd\)/],
    ['HTML', { status: 200, body: '<html>canary-page</html>' }, /the sign-in at .* failed/],
    [
      'no identity',
      { status: 200, body: '{"access_token":"canary-access","token_type":"Bearer"}' },
      /failed|without an identity token/,
    ],
  ])(
    'because it responds with %s is reported, without the response',
    async (_, answer, expected) => {
      sigstore.settings.faults.issuer = ({ path }) =>
        path === '/token'
          ? {
              kind: 'answer',
              answer: { headers: { 'content-type': 'application/json' }, ...answer },
            }
          : undefined;
      for (const provider of ['browser', 'device'] as const) {
        const error = await failureOf(signIn(provider, personAtBrowser()));
        expect(error.message).toMatch(expected);
        expect(everythingIn(error)).not.toContain('canary-');
      }
    },
  );
});

describe('where no user is present', () => {
  it('a sign-in fails at once', async () => {
    const error = await failureOf(signIn('browser', undefined));
    expect(error).toMatchObject({ code: 'IDENTITY_UNAVAILABLE', property: 'keyless.provider' });
    expect(error.message).toMatch(/only in an update/);
  });

  it('a user may be prompted later in the same run', async () => {
    const tokens = createTokenCache();
    const config = { provider: 'browser', issuer: sigstore.issuer.url } as const;
    const alone = await resolveIdentityProvider(config, testHost({ tokens }));
    await failureOf(alone.getToken());
    const person = personAtBrowser();
    const interactive = await resolveIdentityProvider(
      config,
      testHost({ tokens, interactiveLogin: person }),
    );
    await expect(interactive.getToken()).resolves.toMatch(/^ey/);
  });
});

describe('a sign-in as the last resort', () => {
  const interactive = (): KeylessConfig => ({
    interactive: 'browser',
    issuer: sigstore.issuer.url,
  });

  it('is used if there is no token', async () => {
    const person = personAtBrowser();
    expect(await isInteractiveProvider(interactive(), testHost())).toBe(true);
    const provider = await resolveIdentityProvider(
      interactive(),
      testHost({ interactiveLogin: person }),
    );
    await expect(provider.getToken()).resolves.toMatch(/^ey/);
  });

  it('is not taken where there is one, nor in CI', async () => {
    const env = { SIGSTORE_ID_TOKEN: sigstore.issuer.token({ subject: 'job' }) };
    expect(await isInteractiveProvider(interactive(), testHost({ env }))).toBe(false);
    const ci = testHost({ env: { CI: 'true' } });
    const error = await failureOf(resolveIdentityProvider(interactive(), ci));
    expect(error).toMatchObject({ code: 'IDENTITY_UNAVAILABLE', property: 'keyless' });
  });
});
