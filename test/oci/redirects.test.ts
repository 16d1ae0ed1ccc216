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

const authorizations = () =>
  registry.requests.map(({ headers }) => headers.authorization?.split(' ')[0]);

describe('credentials stay with their host', () => {
  beforeEach(() => {
    registry.settings.auth = { kind: 'basic', users: { w: PASSWORD } };
  });
  const aside = () => registry.requests.filter(({ server }) => server === 'side');

  it('no Authorization follows a redirect to a blob store', async () => {
    registry.settings.blobRedirect = true;
    const client = clientOf(declared());
    const descriptor = await client.putBlob(repository(), bytes, OCI_CONFIG);
    expect(await client.getBlob(repository(), descriptor)).toEqual(bytes);
    expect(aside().map(({ status, headers }) => [status, headers.authorization])).toEqual([
      [200, undefined],
    ]);
  });

  it('are not sent with an upload to another origin', async () => {
    registry.settings.uploadElsewhere = true;
    registry.settings.singlePost = false;
    await clientOf(declared()).putBlob(repository(), bytes, OCI_CONFIG);
    expect(registry.store.getBlob('team/app', digestOf(bytes))).toEqual(bytes);
    expect(aside().map(({ method, headers }) => [method, headers.authorization])).toEqual([
      ['PUT', undefined],
    ]);
  });

  it('none is sent to another origin that requires them after a redirect', async () => {
    const other = await startRegistry({
      settings: { auth: { kind: 'basic', users: { w: PASSWORD } } },
    });
    registry.settings.faults = ({ path }) => ({
      status: 307,
      headers: { location: `${other.url}${path}` },
    });
    const error = await refusalOf(clientOf(declared()).getManifest(repository(), LATEST));
    expect(error.code).toBe('REGISTRY_UNAUTHORIZED');
    expect(other.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
    await other.close();
  });

  it('a redirect back to the registry does not get them again', async () => {
    const client = clientOf(declared());
    await client.getManifest(repository(), LATEST);
    registry.clearRequests();
    const bounce = await startRegistry({
      settings: {
        faults: ({ path }) => ({ status: 302, headers: { location: `${registry.url}${path}` } }),
      },
    });
    let sent = false;
    registry.settings.faults = ({ path }) => {
      if (sent) return undefined;
      sent = true;
      return { status: 302, headers: { location: `${bounce.url}${path}` } };
    };
    await client.getManifest(repository(), LATEST).catch(() => undefined);
    expect(authorizations().slice(0, 2)).toEqual(['Basic', undefined]);
    await bounce.close();
  });
});

describe('redirects', () => {
  it('are followed within the registry, five times at most', async () => {
    let hops = 0;
    const redirects =
      (most: number) => (): { status: number; headers: { location: string } } | undefined =>
        hops++ < most
          ? { status: 301, headers: { location: '/v2/team/app/manifests/latest' } }
          : undefined;
    registry.settings.faults = redirects(5);
    expect(await clientOf().getManifest(repository(), LATEST)).toBeDefined();
    hops = 0;
    registry.settings.faults = redirects(6);
    const error = await refusalOf(clientOf().getManifest(repository(), LATEST));
    expect([error.code, error.message]).toEqual([
      'REGISTRY_PROTOCOL',
      expect.stringContaining('more than 5 times'),
    ]);
  });

  it.each([
    ['file:///etc/passwd', 'not http(s)'],
    ['http://[', 'not a valid URL'],
    ['', 'does not appear to be an OCI registry'],
  ])('are not followed to %p', async (location, why) => {
    registry.settings.faults = ({ path }) =>
      path === '/elsewhere'
        ? undefined
        : { status: 302, headers: { location: location || '/elsewhere' } };
    const error = await refusalOf(clientOf().getManifest(repository(), LATEST));
    expect([error.code, error.message]).toEqual([
      'REGISTRY_PROTOCOL',
      expect.stringContaining(why),
    ]);
  });

  it('need to say where to', async () => {
    registry.settings.faults = () => ({ status: 302 });
    const error = await refusalOf(clientOf().getManifest(repository(), LATEST));
    expect(error.message).toContain('no Location');
  });
});
