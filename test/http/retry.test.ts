import { type RunningRegistry, startRegistry } from '../../dev/registry';
import {
  createRegistryClient,
  digestOf,
  OCI_CONFIG,
  OCI_INDEX,
  type RegistryClient,
} from '../../src/oci';
import {
  LATEST,
  refusalOf,
  repositoryOf,
  storeImage,
  testClient,
} from '../oci/support/registry-fixture';

let registry: RunningRegistry;
let client: RegistryClient;
let waits: number[];

beforeEach(async () => {
  registry = await startRegistry();
  ({ client, waits } = testClient());
  storeImage(registry);
});
afterEach(async () => {
  await client.close();
  await registry.close();
});
const repository = () => repositoryOf(registry);

/** The first `times` requests get this answer. */
function failing(
  times: number,
  fault: { status: number; headers?: Record<string, string> } | 'drop',
): void {
  let left = times;
  registry.settings.faults = () => (left-- > 0 ? fault : undefined);
}

describe('retries', () => {
  it.each([408, 429, 500, 502, 503, 504])('gets over a passing %i', async (status) => {
    failing(3, { status });
    expect(await client.getManifest(repository(), LATEST)).toBeDefined();
    expect(waits).toEqual([125, 250, 500]);
  });

  it('gets over dropped connections', async () => {
    failing(3, 'drop');
    expect(await client.getManifest(repository(), LATEST)).toBeDefined();
    expect(waits).toHaveLength(3);
  });

  it('has a budget for each kind, and reports the exhausted one', async () => {
    failing(100, { status: 429 });
    expect((await refusalOf(client.getManifest(repository(), LATEST))).code).toBe(
      'REGISTRY_THROTTLED',
    );
    expect(registry.requests).toHaveLength(1 + 5);
    registry.clearRequests();
    failing(100, { status: 503 });
    expect((await refusalOf(client.getManifest(repository(), LATEST))).code).toBe(
      'REGISTRY_UNAVAILABLE',
    );
    expect(registry.requests).toHaveLength(1 + 4);
    registry.clearRequests();
    failing(100, 'drop');
    const dropped = await refusalOf(client.getManifest(repository(), LATEST));
    expect([dropped.code, dropped.cause === undefined]).toEqual(['REGISTRY_UNAVAILABLE', false]);
    expect(registry.requests).toHaveLength(1 + 4);
  });

  it.each([400, 403, 501])('does not retry after %i', async (status) => {
    failing(1, { status });
    await client.getManifest(repository(), LATEST).catch(() => undefined);
    expect(registry.requests).toHaveLength(1);
    expect(waits).toEqual([]);
  });

  it('waits for Retry-After: seconds or a date, but at most the longest wait', async () => {
    failing(1, { status: 429, headers: { 'retry-after': '7' } });
    await client.getManifest(repository(), LATEST);
    failing(1, { status: 503, headers: { 'retry-after': '86400' } });
    await client.getManifest(repository(), LATEST);
    failing(1, { status: 429, headers: { 'retry-after': 'soon' } });
    await client.getManifest(repository(), LATEST);
    expect(waits).toEqual([7_000, 60_000, 125]);

    const dated: number[] = [];
    const clocked = createRegistryClient({
      dockerConfig: 'none',
      clock: {
        now: () => Date.parse('2026-01-01T00:00:00Z'),
        sleep: async (milliseconds) => {
          dated.push(milliseconds);
        },
      },
    });
    failing(1, { status: 429, headers: { 'retry-after': 'Thu, 01 Jan 2026 00:00:09 GMT' } });
    await clocked.getManifest(repository(), LATEST);
    failing(1, { status: 429, headers: { 'retry-after': 'Wed, 31 Dec 2025 00:00:09 GMT' } });
    await clocked.getManifest(repository(), LATEST);
    expect(dated).toEqual([9_000, 0]);
    await clocked.close();
  });

  it('knows its own write again when the answer to it was lost', async () => {
    const before = await client.getManifest(repository(), LATEST);
    const bytes = Buffer.from(
      JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] }),
    );
    let lost = false;
    registry.settings.faults = ({ method, body }) => {
      if (lost || method !== 'PUT') return undefined;
      lost = true;
      registry.store.putManifest(
        'team/app',
        { mediaType: OCI_INDEX, bytes: body },
        { tag: 'latest' },
      );
      return 'drop';
    };
    const ifMatch = before?.etag ?? '';
    const written = await client.putManifest(repository(), LATEST, bytes, OCI_INDEX, { ifMatch });
    expect(written.digest).toBe(digestOf(bytes));
    expect(registry.requests.map(({ status }) => status)).toContain(412);
  });

  it('reads no more of a long error than its message needs', async () => {
    const body = '<html>'.padEnd(1024 * 1024, 'x');
    registry.settings.faults = () => ({ status: 400, body });
    const error = await refusalOf(client.getManifest(repository(), LATEST));
    expect(error.code).toBe('REGISTRY_PROTOCOL');
    expect(error.message.length).toBeLessThan(400);
  });

  it('begins an upload again from its start', async () => {
    const bytes = Buffer.from('to be uploaded');
    registry.settings.singlePost = false;
    let left = 2;
    registry.settings.faults = ({ method }) =>
      method === 'PUT' && left-- > 0 ? 'drop' : undefined;
    await client.putBlob(repository(), bytes, OCI_CONFIG);
    expect(registry.requests.map(({ method, status }) => `${method} ${status}`)).toEqual([
      'POST 202',
      'PUT 0',
      'POST 202',
      'PUT 0',
      'POST 202',
      'PUT 201',
    ]);
    expect(registry.store.getBlob('team/app', digestOf(bytes))).toEqual(bytes);
  });

  it('distinguishes a host that refuses connections from one without an address', async () => {
    await registry.close();
    const closed = await refusalOf(client.resolve(repository(), LATEST));
    expect(closed.code).toBe('REGISTRY_UNAVAILABLE');
    expect(closed.message).toContain(registry.host);
    const { client: lost, waits: none } = testClient({
      lookup: (_host, _options, done) =>
        done(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }), ''),
    });
    const error = await refusalOf(lost.resolve(repositoryOf({ host: 'registry.example' }), LATEST));
    expect([error.code, none]).toEqual(['REGISTRY_UNAVAILABLE', []]);
    await lost.close();
    registry = await startRegistry();
  });
});
