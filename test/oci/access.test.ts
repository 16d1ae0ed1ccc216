import { type RunningRegistry, startRegistry } from '../../dev/registry';
import type { Fault } from '../../dev/registry';
import { type RegistryClient, type RegistryClientOptions } from '../../src/oci';
import { refusalOf, repositoryOf, testClient } from './support/registry-fixture';

let registry: RunningRegistry;
const clients: RegistryClient[] = [];

beforeEach(async () => {
  registry = await startRegistry();
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await registry.close();
});
const repository = () => repositoryOf(registry);

function clientOf(username?: string, password?: string): RegistryClient {
  const options: RegistryClientOptions = { registry: { host: registry.host, username, password } };
  const { client } = testClient(options);
  clients.push(client);
  return client;
}

async function outcome(client: RegistryClient, access: 'pull' | 'push'): Promise<string> {
  try {
    await client.checkAccess(repository(), access);
    return 'granted';
  } catch {
    return (await refusalOf(client.checkAccess(repository(), access))).code;
  }
}

it('only reads, and is content with a repository that is not there yet', async () => {
  expect(await outcome(clientOf(), 'push')).toBe('granted');
  expect(registry.requests.map(({ method }) => method)).toEqual(['GET', 'HEAD']);
  expect(registry.store.repositories()).toEqual([]);
});

it.each([true, false])(
  'Bearer: reports each missing permission, with tokens with or without access claims (%p)',
  async (opaqueTokens) => {
    const users = { w: 'write', r: 'read' };
    registry.settings.auth = {
      kind: 'bearer',
      users,
      readOnly: ['r'],
      anonymousPull: true,
      opaqueTokens,
    };
    expect(await outcome(clientOf(), 'pull')).toBe('granted');
    expect(await outcome(clientOf('r', 'read'), 'pull')).toBe('granted');
    expect(await outcome(clientOf('w', 'write'), 'push')).toBe('granted');
    expect(await outcome(clientOf('w', 'wrong'), 'pull')).toBe('REGISTRY_UNAUTHORIZED');
    expect(await outcome(clientOf('w', 'wrong'), 'push')).toBe('REGISTRY_UNAUTHORIZED');
    // An opaque token shows at the first write what the other kind shows now.
    expect(await outcome(clientOf('r', 'read'), 'push')).toBe(
      opaqueTokens ? 'granted' : 'REGISTRY_FORBIDDEN',
    );
    expect(await outcome(clientOf(), 'push')).toBe(
      opaqueTokens ? 'granted' : 'REGISTRY_UNAUTHORIZED',
    );
    expect(registry.requests.every(({ method }) => method === 'GET' || method === 'HEAD')).toBe(
      true,
    );
  },
);

it('Bearer: reports that anonymous access is not allowed', async () => {
  registry.settings.auth = { kind: 'bearer', users: { w: 'write' } };
  expect(await outcome(clientOf(), 'pull')).toBe('REGISTRY_UNAUTHORIZED');
  expect(await outcome(clientOf(), 'push')).toBe('REGISTRY_UNAUTHORIZED');
});

it('Basic: reports missing and wrong credentials', async () => {
  registry.settings.auth = { kind: 'basic', users: { w: 'write' } };
  expect(await outcome(clientOf('w', 'write'), 'push')).toBe('granted');
  expect(await outcome(clientOf('w', 'wrong'), 'push')).toBe('REGISTRY_UNAUTHORIZED');
  expect(await outcome(clientOf(), 'pull')).toBe('REGISTRY_UNAUTHORIZED');
});

it('wrong credentials are reported for a push even if reading does not require any', async () => {
  registry.settings.auth = { kind: 'basic', users: { w: 'write' } };
  registry.settings.faults = ({ method }) => (method === 'HEAD' ? { status: 404 } : undefined);
  expect(await outcome(clientOf('w', 'wrong'), 'push')).toBe('REGISTRY_UNAUTHORIZED');
  expect(await outcome(clientOf(), 'pull')).toBe('granted');
});

const html = { 'content-type': 'text/html' };
it.each<[string, Fault, Fault | undefined, string]>([
  [
    'a web site',
    { status: 200, headers: html, body: '<!doctype html>' },
    undefined,
    'REGISTRY_PROTOCOL',
  ],
  [
    "a web site's 404",
    { status: 404, headers: html, body: '<html>' },
    undefined,
    'REGISTRY_PROTOCOL',
  ],
  ['a 404 of another API', { status: 404, body: '{}' }, undefined, 'REGISTRY_PROTOCOL'],
  [
    'a forbidding host',
    { status: 403, headers: html, body: '<html>' },
    { status: 403 },
    'REGISTRY_FORBIDDEN',
  ],
  ['a failing one', { status: 500 }, undefined, 'REGISTRY_UNAVAILABLE'],
  ['a throttling one', { status: 429 }, undefined, 'REGISTRY_THROTTLED'],
  [
    'a proxy before the repository',
    { status: 200 },
    { status: 404, headers: html },
    'REGISTRY_PROTOCOL',
  ],
  ['a forbidden repository', { status: 200 }, { status: 403 }, 'REGISTRY_FORBIDDEN'],
])('reports %s', async (_, base, rest, code) => {
  registry.settings.faults = ({ path }) => (path === '/v2/' ? base : rest);
  const error = await refusalOf(clientOf().checkAccess(repository(), 'pull'));
  expect(error.code).toBe(code);
  expect(error.message).toContain(registry.host);
});
