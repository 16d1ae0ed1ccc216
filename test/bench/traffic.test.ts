import { Client } from 'undici';

import { requestLines, trafficOf } from '../../bench/traffic';
import { storeImage } from '../../dev/load/image';
import { type RunningRegistry, startRegistry } from '../../dev/registry';

let registry: RunningRegistry;
let manifest: string;
/** One connection. */
let client: Client;

beforeEach(async () => {
  registry = await startRegistry();
  client = new Client(registry.url);
  manifest = `/v2/team/app/manifests/${storeImage(registry, 'team/app')}`;
});
afterEach(async () => {
  await client.close();
  await registry.close();
});

async function ask(
  path: string,
  {
    method = 'GET',
    text,
  }: { readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT'; readonly text?: string } = {},
): Promise<number> {
  const headers = { 'content-type': 'application/json' };
  const { body } = await client.request({ path, method, headers, body: text ?? null });
  return (await body.arrayBuffer()).byteLength;
}

test('bytes of bodies are counted in both directions, without the body that a HEAD omits', async () => {
  const given = await ask(manifest);
  await ask(manifest, { method: 'HEAD' });
  await ask('/v2/team/app/blobs/uploads/', { method: 'POST' });
  const text = 'taken';
  const answered = await ask('/v2/team/app/manifests/broken', { method: 'PUT', text });
  const { requests, writes, bytes } = trafficOf(registry.requests, []);
  expect({ requests, writes }).toEqual({ requests: 4, writes: 2 });
  expect(bytes).toBe(given + text.length + answered);
});

test('only a successful read by digest counts as repeated', async () => {
  const absent = `/v2/team/app/blobs/sha256:${'0'.repeat(64)}`;
  for (const path of [manifest, absent, absent, '/v2/team/app/manifests/v1', manifest]) {
    await ask(path);
  }
  await ask('/v2/team/app/manifests/v1');
  await ask(manifest, { method: 'HEAD' });
  const { repeated, repeatedBytes } = trafficOf(registry.requests, []);
  expect(repeated).toBe(2);
  // The response to HEAD has no body.
  expect(repeatedBytes).toBe(await ask(manifest));
});

test('requests on the same connection are on one connection', async () => {
  for (let time = 0; time < 3; time += 1) await ask(manifest);
  expect(trafficOf(registry.requests, []).connections).toBe(1);
  const other = new Client(registry.url);
  await (await other.request({ path: manifest, method: 'GET' })).body.dump();
  await other.close();
  expect(trafficOf(registry.requests, []).connections).toBe(2);
});

test('requests are counted by service, both versions of Rekor together', () => {
  const services = ['fulcio', 'rekor', 'rekor-v2', 'tsa', 'issuer'] as const;
  const traffic = trafficOf(
    [],
    services.map((service) => ({ service })),
  );
  expect(traffic).toMatchObject({ fulcio: 1, rekor: 2, timestamps: 1, requests: 0 });
});

test('a line has a letter for each digest, and no address, repository or upload', async () => {
  await ask(manifest);
  await ask(`/v2/team/app/referrers/${manifest.split('/').at(-1)}`);
  await ask(manifest);
  expect(requestLines(registry.requests)).toEqual([
    'GET manifests/sha256:A 200',
    'GET referrers/sha256:A 200',
    'GET manifests/sha256:A 200 (again)',
  ]);
});
