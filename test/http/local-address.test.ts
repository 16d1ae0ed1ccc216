import type { LookupFunction } from 'node:net';

import { type RunningRegistry, startRegistry } from '../../dev/registry';
import { type RegistryClient, type RegistryClientOptions } from '../../src/oci';
import { isLocalAddress, isLocalHost } from '../../src/http/local-address';
import {
  LATEST,
  refusalOf,
  repositoryOf,
  storeImage,
  testClient,
} from '../oci/support/registry-fixture';

test.each([
  '127.0.0.1',
  '127.255.255.254',
  '0.0.0.0',
  '169.254.169.254',
  '::1',
  '::',
  'fe80::1',
  'fe80::1%eth0',
  'febf::1',
  '::ffff:127.0.0.1',
  '::ffff:a9fe:a9fe',
  '::127.0.0.1',
  '64:ff9b::7f00:1',
  '64:ff9b::a9fe:a9fe',
  '2002:7f00:1::',
  'fd00:ec2::254',
  'fd00:ec2::23',
  'fd20:ce::254',
  'fd00:c1::a9fe:a9fe',
  'fd00:42::42',
  '192.0.0.192',
  '100.100.100.200',
])('%s is local', (address) => {
  expect(isLocalAddress(address)).toBe(true);
});

// A company's own services have private addresses, and a public registry may redirect to them.
test.each(['10.0.0.1', '172.16.0.1', '192.168.1.1', '1.1.1.1', '128.0.0.1', 'fd12::1', '2600::1'])(
  '%s is not local',
  (address) => {
    expect(isLocalAddress(address)).toBe(false);
  },
);

test.each([
  'http://localhost',
  'http://LOCALHOST.:1/',
  'https://x.localhost',
  'http://2130706433/',
  'http://0x7f.1/',
  'http://0177.0.0.1/',
  'http://0/',
  'http://[::ffff:7f00:1]:80/',
  'http://[::]/',
  'http://127.1/',
])('the host of %s is local', (url) => {
  expect(isLocalHost(new URL(url))).toBe(true);
});

test.each(['http://localhost.example', 'https://127.0.0.1.example', 'https://a.example'])(
  'the host of %s is not local by its name',
  (url) => {
    expect(isLocalHost(new URL(url))).toBe(false);
  },
);

describe('a registry that is not on loopback', () => {
  let registry: RunningRegistry;
  let inside: RunningRegistry;
  const clients: RegistryClient[] = [];
  const HOST = 'registry.example';
  const toLoopback: LookupFunction = (_host, { all }, done) =>
    all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4);
  const portOf = ({ host }: RunningRegistry): string => host.split(':')[1] ?? '';
  const named = (): string => `${HOST}:${portOf(registry)}`;

  beforeEach(async () => {
    [registry, inside] = [await startRegistry(), await startRegistry()];
    storeImage(registry);
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
    await Promise.all([registry.close(), inside.close()]);
  });

  function client(options: RegistryClientOptions['registry'] = undefined): RegistryClient {
    const made = testClient({
      lookup: toLoopback,
      registry: { host: named(), insecure: true, username: 'w', password: 'canary-pw', ...options },
    }).client;
    clients.push(made);
    return made;
  }
  const repository = () => repositoryOf({ host: named() });
  const bearer = (realm: string) => ({ kind: 'bearer' as const, users: { w: 'canary-pw' }, realm });

  it.each<[string, (port: string) => string]>([
    ['by address', (port) => `http://127.0.0.1:${port}/token`],
    ['by another spelling of it', (port) => `http://2130706433:${port}/token`],
    ['by IPv6', (port) => `http://[::ffff:127.0.0.1]:${port}/token`],
    ['by https', (port) => `https://127.0.0.1:${port}/token`],
    ['by name', (port) => `http://localhost:${port}/token`],
    ['by a name that leads there', (port) => `https://tokens.example:${port}/token`],
    ['on its link', () => 'http://169.254.169.254/latest/meta-data'],
    ['at no address', (port) => `http://0.0.0.0:${port}/token`],
  ])('cannot name a token realm on this machine, %s', async (_, realm) => {
    registry.settings.auth = bearer(realm(portOf(inside)));
    const error = await refusalOf(client().getManifest(repository(), LATEST));
    expect(error.code).toBe('REGISTRY_INSECURE');
    expect(error.message).not.toContain('canary-pw');
    expect(inside.requests).toEqual([]);
  });

  it('can name one at its own host, also at another port', async () => {
    registry.settings.auth = bearer(`http://${HOST}:${registry.sideHost.split(':')[1]}/token`);
    expect(await client().getManifest(repository(), LATEST)).toBeDefined();
  });

  it('cannot redirect a read or an upload to this machine', async () => {
    for (const location of [inside.url, `http://inside.example:${portOf(inside)}`]) {
      registry.settings.faults = ({ path }) => ({
        status: 307,
        headers: { location: location + path },
      });
      const read = await refusalOf(client().getManifest(repository(), LATEST));
      expect(read.code).toBe('REGISTRY_INSECURE');
      registry.settings.faults = ({ method, path }) =>
        method === 'POST' ? { status: 202, headers: { location: location + path } } : undefined;
      const written = await refusalOf(
        client().putBlob(repository(), Buffer.from('x'), 'text/plain'),
      );
      expect(written.code).toBe('REGISTRY_INSECURE');
    }
    expect(inside.requests).toEqual([]);
  });
});

it('a registry behind TLS cannot name a realm in plain http, not even on the same machine', async () => {
  const registry = await startRegistry({ tls: true });
  const plain = await startRegistry();
  registry.settings.auth = {
    kind: 'bearer',
    users: { w: 'canary-pw' },
    realm: `${plain.url}/token`,
  };
  const { client } = testClient({
    registry: { host: registry.host, ca: registry.ca, username: 'w', password: 'canary-pw' },
  });
  const error = await refusalOf(client.getManifest(repositoryOf(registry), LATEST));
  expect(error.code).toBe('REGISTRY_INSECURE');
  expect(error.message).toContain('does not use https');
  expect(plain.requests).toEqual([]);
  await Promise.all([client.close(), registry.close(), plain.close()]);
});
