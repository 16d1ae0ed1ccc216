import { type RunningRegistry, startRegistry } from '../../dev/registry';
import {
  digestOf,
  OCI_CONFIG,
  type RegistryClient,
  type RegistryClientOptions,
} from '../../src/oci';
import {
  LATEST,
  refusalOf,
  repositoryOf,
  storeImage,
  testClient,
} from './support/registry-fixture';

const PASSWORD = 'canary-correct-horse-battery';
const REFRESH = 'refresh-token-of-w';
const bytes = Buffer.from('a blob to push');

let registry: RunningRegistry;
const clients: RegistryClient[] = [];

beforeEach(async () => {
  registry = await startRegistry();
  storeImage(registry);
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await registry.close();
});
const repository = () => repositoryOf(registry);

function clientOf(options: RegistryClientOptions = {}): RegistryClient {
  const { client } = testClient(options);
  clients.push(client);
  return client;
}

function declared(username = 'w', password = PASSWORD): RegistryClientOptions {
  return { registry: { host: registry.host, username, password } };
}

/** Docker's config with one entry for the registry. */
function configured(entry: Record<string, string>, host = registry.host): RegistryClientOptions {
  return {
    dockerConfig: {
      env: { DOCKER_CONFIG: '/config' },
      readFile: async () => JSON.stringify({ auths: { [host]: entry } }),
      runHelper: async () => ({ exitCode: 1, stdout: '' }),
    },
  };
}

const authorizations = () =>
  registry.requests.map(({ headers }) => headers.authorization?.split(' ')[0]);

describe('Basic', () => {
  beforeEach(() => {
    registry.settings.auth = { kind: 'basic', users: { w: PASSWORD, r: 'read' }, readOnly: ['r'] };
  });

  it('sends credentials only after a challenge, and then directly', async () => {
    const client = clientOf(declared());
    await client.getManifest(repository(), LATEST);
    await client.putBlob(repository(), bytes, OCI_CONFIG);
    expect(authorizations()).toEqual([undefined, 'Basic', 'Basic']);
  });

  it('distinguishes missing, wrong and insufficient credentials', async () => {
    const none = await refusalOf(clientOf().getManifest(repository(), LATEST));
    expect(none.code).toBe('REGISTRY_UNAUTHORIZED');
    expect(none.message).toContain(`docker login ${registry.host}`);
    const wrong = await refusalOf(
      clientOf(declared('w', 'wrong-password')).getManifest(repository(), LATEST),
    );
    expect(wrong.code).toBe('REGISTRY_UNAUTHORIZED');
    expect(wrong.message).toContain('registry.username');
    expect(wrong.message).not.toContain('wrong-password');
    const reader = await refusalOf(
      clientOf(declared('r', 'read')).putBlob(repository(), bytes, OCI_CONFIG),
    );
    expect(reader.code).toBe('REGISTRY_FORBIDDEN');
  });

  it('declared credentials are for their host only', async () => {
    const client = clientOf({
      registry: { host: 'registry.example', username: 'w', password: PASSWORD },
    });
    expect((await refusalOf(client.getManifest(repository(), LATEST))).code).toBe(
      'REGISTRY_UNAUTHORIZED',
    );
    expect(authorizations()).toEqual([undefined]);
  });

  it('needs user name and password together', async () => {
    const error = await refusalOf(
      (async () => clientOf({ registry: { host: registry.host, username: 'w' } }))(),
    );
    expect([error.code, error.property]).toEqual(['INPUT_INVALID', 'registry.password']);
  });

  it('cannot use an identity token, and reports that it was rejected', async () => {
    const client = clientOf(configured({ identitytoken: REFRESH }));
    expect((await refusalOf(client.getManifest(repository(), LATEST))).code).toBe(
      'REGISTRY_UNAUTHORIZED',
    );
    expect(authorizations()).toEqual([undefined]);
  });
});

describe('Bearer', () => {
  beforeEach(() => {
    registry.settings.auth = {
      kind: 'bearer',
      users: { w: PASSWORD, r: 'read' },
      readOnly: ['r'],
      anonymousPull: true,
      refreshTokens: { [REFRESH]: 'w' },
    };
  });

  const tokenRequests = () => registry.requests.filter(({ path }) => path.startsWith('/token'));

  it('pulls anonymously with a token for that', async () => {
    const client = clientOf();
    expect(await client.resolve(repository(), LATEST)).toBeDefined();
    expect(await client.getManifest(repository(), LATEST)).toBeDefined();
    expect(tokenRequests().map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  it('reads with the right to write, where it has that', async () => {
    const client = clientOf(declared());
    await client.checkAccess(repository(), 'push');
    expect(await client.getManifest(repository(), LATEST)).toBeDefined();
    expect(tokenRequests()).toHaveLength(1);
    const reader = clientOf(declared('r', 'read'));
    await refusalOf(reader.checkAccess(repository(), 'push'));
    expect(await reader.getManifest(repository(), LATEST)).toBeDefined();
  });

  it('requests one token for each access, also for concurrent requests', async () => {
    const client = clientOf(declared());
    await Promise.all([1, 2, 3, 4].map(() => client.getManifest(repository(), LATEST)));
    expect(tokenRequests()).toHaveLength(1);
    await client.putBlob(repository(), bytes, OCI_CONFIG);
    await client.getManifest(repository(), LATEST);
    expect(tokenRequests()).toHaveLength(2);
    await client.resolve(repositoryOf(registry, 'other/app'), LATEST);
    expect(tokenRequests()).toHaveLength(3);
  });

  it('gets another token when one has ended', async () => {
    let now = Date.now();
    const client = clientOf({ ...declared(), clock: { now: () => now } });
    await client.getManifest(repository(), LATEST);
    now += 296_000;
    await client.getManifest(repository(), LATEST);
    expect(tokenRequests()).toHaveLength(2);
    // A token that the registry does not take any more, though its time is not over.
    registry.settings.faults = undefined;
    let refused = false;
    registry.settings.faults = ({ path }) => {
      if (refused || path.startsWith('/token')) return undefined;
      refused = true;
      return {
        status: 401,
        headers: {
          'www-authenticate': `Bearer realm="${registry.url}/token",service="dev-registry"`,
        },
      };
    };
    expect(await client.getManifest(repository(), LATEST)).toBeDefined();
    expect(tokenRequests()).toHaveLength(3);
  });

  it('stops if the issued tokens are refused', async () => {
    registry.settings.auth = { kind: 'bearer', users: { w: PASSWORD }, tokenSeconds: 0 };
    const error = await refusalOf(clientOf(declared()).getManifest(repository(), LATEST));
    expect(error.code).toBe('REGISTRY_UNAUTHORIZED');
    expect(registry.requests).toHaveLength(3);
  });

  it('distinguishes missing, wrong and insufficient credentials', async () => {
    const none = await refusalOf(clientOf().putBlob(repository(), bytes, OCI_CONFIG));
    expect(none.code).toBe('REGISTRY_UNAUTHORIZED');
    const wrong = await refusalOf(
      clientOf(declared('w', 'wrong-password')).getManifest(repository(), LATEST),
    );
    expect(wrong.code).toBe('REGISTRY_UNAUTHORIZED');
    expect(wrong.message).not.toContain('wrong-password');
    const reader = await refusalOf(
      clientOf(declared('r', 'read')).putBlob(repository(), bytes, OCI_CONFIG),
    );
    expect(reader.code).toBe('REGISTRY_FORBIDDEN');
  });

  it('requests the scopes that it needs, and never the placeholder of the base', async () => {
    const placeholderScope = 'repository:user/image:pull';
    registry.settings.auth = { kind: 'bearer', users: { w: PASSWORD }, placeholderScope };
    const client = clientOf(declared());
    await client.checkAccess(repository(), 'push');
    await client.putBlob(repository(), bytes, OCI_CONFIG);
    const scopes = tokenRequests().map(({ path }) =>
      new URL(path, registry.url).searchParams.getAll('scope'),
    );
    expect(scopes).toEqual([['repository:team/app:pull,push']]);
    registry.settings.auth = { ...registry.settings.auth, refreshTokens: { [REFRESH]: 'w' } };
    registry.clearRequests();
    await clientOf(configured({ identitytoken: REFRESH })).checkAccess(repository(), 'push');
    expect(tokenRequests().map(({ method }) => method)).toEqual(['POST']);
  });

  it('requests missing scopes of the same repository only', async () => {
    const realm = `${registry.url}/token`;
    const scope = 'repository:team/app:delete,* repository:else/where:pull registry:catalog:*';
    const challenge = `Bearer realm="${realm}",service="dev-registry",scope="${scope}",error="insufficient_scope"`;
    let refused = 0;
    registry.settings.faults = ({ path, headers }) => {
      if (path.startsWith('/token') || !headers.authorization || refused++ > 0) return undefined;
      return { status: 401, headers: { 'www-authenticate': challenge } };
    };
    await clientOf(declared()).resolve(repository(), LATEST);
    const scopes = tokenRequests().map(({ path }) =>
      new URL(path, registry.url).searchParams.getAll('scope'),
    );
    expect(scopes).toEqual([['repository:team/app:pull'], ['repository:team/app:pull,delete,*']]);
  });

  it('ignores the scope in a realm, and requests no other kind of token', async () => {
    const extra =
      'scope=repository:else/where:push&offline_token=true&access_type=offline&tenant=t';
    const realm = `${registry.url}/token?${extra}&service=other`;
    registry.settings.auth = { kind: 'bearer', users: { w: PASSWORD }, realm };
    await clientOf(declared()).getManifest(repository(), LATEST);
    const [asked] = tokenRequests().map(({ path }) => new URL(path, registry.url).searchParams);
    expect(asked?.getAll('scope')).toEqual(['repository:team/app:pull']);
    expect(asked?.getAll('service')).toHaveLength(1);
    expect([...(asked?.keys() ?? [])].sort()).toEqual(['scope', 'service', 'tenant']);
    registry.settings.auth = { ...registry.settings.auth, refreshTokens: { [REFRESH]: 'w' } };
    registry.clearRequests();
    await clientOf(configured({ identitytoken: REFRESH })).getManifest(repository(), LATEST);
    expect(tokenRequests().map(({ path }) => path)).toEqual(['/token?tenant=t&service=other']);
  });

  it('trades an identity token, by POST and without a word of it in the URL', async () => {
    const client = clientOf(configured({ identitytoken: REFRESH }));
    await client.putBlob(repository(), bytes, OCI_CONFIG);
    expect(registry.store.getBlob('team/app', digestOf(bytes))).toEqual(bytes);
    expect(tokenRequests().map(({ method, path }) => [method, path])).toEqual([['POST', '/token']]);
    const ended = clientOf(configured({ identitytoken: 'canary-ended-refresh-token' }));
    const error = await refusalOf(ended.putBlob(repository(), Buffer.from('x'), OCI_CONFIG));
    expect(error.code).toBe('REGISTRY_UNAUTHORIZED');
    expect(error.message).not.toContain('canary-ended-refresh-token');
  });

  it('uses a registry token as it is', async () => {
    const client = clientOf(configured({ registrytoken: 'not-known-there' }));
    const error = await refusalOf(client.getManifest(repository(), LATEST));
    expect(error.code).toBe('REGISTRY_UNAUTHORIZED');
    expect(registry.requests.map(({ headers }) => headers.authorization)).toEqual([
      undefined,
      'Bearer not-known-there',
    ]);
  });

  it('gets tokens from a service on another host on this machine', async () => {
    registry.settings.auth = {
      kind: 'bearer',
      users: { w: PASSWORD },
      realm: `${registry.sideUrl}/token`,
    };
    expect(await clientOf(declared()).getManifest(repository(), LATEST)).toBeDefined();
    const aside = registry.requests.filter(({ server }) => server === 'side');
    expect(aside.map(({ headers }) => headers.authorization?.split(' ')[0])).toEqual(['Basic']);
  });

  it.each(['http://tokens.example/token', 'ftp://tokens.example/token'])(
    'sends no credentials to a realm that is not https: %s',
    async (realm) => {
      registry.settings.auth = { kind: 'bearer', users: { w: PASSWORD }, realm };
      const error = await refusalOf(clientOf(declared()).getManifest(repository(), LATEST));
      expect(error.code).toBe('REGISTRY_INSECURE');
      expect(error.message).toContain('tokens.example');
    },
  );

  it.each([
    ['Bearer realm="nowhere"', 'REGISTRY_PROTOCOL'],
    ['Bearer service="x"', 'REGISTRY_PROTOCOL'],
    ['Negotiate', 'REGISTRY_PROTOCOL'],
    ['', 'REGISTRY_PROTOCOL'],
  ])('reports an unsupported challenge: %s', async (challenge, code) => {
    registry.settings.faults = () => ({ status: 401, headers: { 'www-authenticate': challenge } });
    expect((await refusalOf(clientOf(declared()).getManifest(repository(), LATEST))).code).toBe(
      code,
    );
  });

  it.each([
    [200, 'no json', 'REGISTRY_PROTOCOL'],
    [200, '{"token":7}', 'REGISTRY_PROTOCOL'],
    [200, '{"token":"a\\nb"}', 'REGISTRY_PROTOCOL'],
    [302, '', 'REGISTRY_PROTOCOL'],
    [403, '', 'REGISTRY_FORBIDDEN'],
    [404, '', 'REGISTRY_PROTOCOL'],
    [429, '', 'REGISTRY_THROTTLED'],
    [503, '', 'REGISTRY_UNAVAILABLE'],
  ])('reports a token service that returns %i %s', async (status, body, code) => {
    registry.settings.faults = ({ path }) => (path === '/token' ? { status, body } : undefined);
    expect((await refusalOf(clientOf(declared()).getManifest(repository(), LATEST))).code).toBe(
      code,
    );
  });

  it('takes the secrets out of what a registry echoes', async () => {
    registry.settings.auth = { kind: 'basic', users: { w: PASSWORD } };
    registry.settings.faults = ({ headers }) => {
      if (headers.authorization === undefined) return undefined;
      const message = `bad: ${headers.authorization} of ${PASSWORD}\u0007`;
      return { status: 400, body: JSON.stringify({ errors: [{ code: 'X', message }] }) };
    };
    const error = await refusalOf(clientOf(declared()).getManifest(repository(), LATEST));
    expect(error.message).toContain('X: bad: Basic *** of ***');
    expect(JSON.stringify([error.message, error.stack])).not.toContain(PASSWORD);
  });
});

describe('credentials that end while the client lives', () => {
  /** A helper whose output changes; `helperRuns` counts its runs. */
  function helped(): RegistryClientOptions & { secret: string; helperRuns: number } {
    const state = {
      secret: 'canary-first-secret',
      helperRuns: 0,
      dockerConfig: {
        env: { DOCKER_CONFIG: '/config' },
        readFile: async (path: string) =>
          path === '/config/config.json'
            ? JSON.stringify({ credHelpers: { [registry.host]: 'cloud' } })
            : undefined,
        runHelper: async () => {
          state.helperRuns += 1;
          const answer = { Username: 'w', Secret: state.secret };
          return { exitCode: 0, stdout: JSON.stringify(answer) };
        },
      },
    };
    return state;
  }
  const users = (secret: string) => ({ users: { w: secret } });

  it.each(['basic', 'bearer'] as const)('%s: the helper is run again', async (kind) => {
    const options = helped();
    registry.settings.auth = { kind, ...users('canary-first-secret'), tokenSeconds: 6 };
    let now = Date.now();
    const client = clientOf({ ...options, clock: { now: () => now } });
    await client.getManifest(repository(), LATEST);
    await client.getManifest(repositoryOf(registry, 'team/other'), LATEST);
    expect(options.helperRuns).toBe(1);
    options.secret = 'canary-second-secret';
    registry.settings.auth = { kind, ...users('canary-second-secret') };
    now += 10_000;
    await client.putBlob(repository(), bytes, OCI_CONFIG);
    expect(options.helperRuns).toBe(2);
  });

  it.each<[number, string]>([
    [403, 'Your authorization token has expired. Reauthenticate and try again.'],
    [400, 'Your authorization token has expired. Reauthenticate and try again.'],
  ])('also where an expired login is answered with %i', async (status, message) => {
    const options = helped();
    registry.settings.auth = { kind: 'basic', users: { w: options.secret } };
    const client = clientOf(options);
    await client.getManifest(repository(), LATEST);
    const old = registry.requests.at(-1)?.headers.authorization;
    registry.settings.auth = { kind: 'basic', users: { w: 'canary-second-secret' } };
    registry.settings.faults = ({ headers }) =>
      headers.authorization === old
        ? { status, body: JSON.stringify({ errors: [{ code: 'DENIED', message }] }) }
        : undefined;
    // The user has not logged in again: nothing is sent twice, and the message contains the remedy.
    registry.clearRequests();
    const error = await refusalOf(client.getManifest(repository(), LATEST));
    expect(error.message).toContain('log in again');
    expect(error.message).toContain('docker-credential-cloud');
    expect(registry.requests).toHaveLength(1);
    options.secret = 'canary-second-secret';
    await client.putBlob(repository(), bytes, OCI_CONFIG);
    expect(registry.store.getBlob('team/app', digestOf(bytes))).toEqual(bytes);
  });
});
