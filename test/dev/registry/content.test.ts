import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type RunningRegistry, startRegistry } from '../../../dev/registry';
import {
  ask,
  digest,
  errorCode,
  INDEX,
  MANIFEST,
  manifestText,
  pushBlob,
  pushManifest,
} from './support';

const REPOSITORY = 'team/app';
let registry: RunningRegistry;

beforeEach(async () => {
  registry = await startRegistry();
});
afterEach(() => registry.close());

describe('blobs', () => {
  it('takes one in a single POST and returns its bytes, whole or a range of them', async () => {
    const name = await pushBlob(registry, REPOSITORY, 'hello blob');
    const head = await ask(registry, 'HEAD', `/v2/${REPOSITORY}/blobs/${name}`);
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '10']);
    const whole = await ask(registry, 'GET', `/v2/${REPOSITORY}/blobs/${name}`);
    expect(await whole.text()).toBe('hello blob');
    const headers = { range: 'bytes=6-7' };
    const part = await ask(registry, 'GET', `/v2/${REPOSITORY}/blobs/${name}`, { headers });
    expect([part.status, await part.text()]).toEqual([206, 'bl']);
    const past = { headers: { range: 'bytes=10-' } };
    expect((await ask(registry, 'GET', `/v2/${REPOSITORY}/blobs/${name}`, past)).status).toBe(416);
  });

  it('accepts one in chunks, refuses a chunk out of order, and reports its offset', async () => {
    const begun = await ask(registry, 'POST', `/v2/${REPOSITORY}/blobs/uploads/`);
    let location = begun.headers.get('location') ?? '';
    const chunk = (range: string, body: string): Promise<Response> =>
      ask(registry, 'PATCH', location, { headers: { 'content-range': range }, body });
    const first = await chunk('0-4', 'hello');
    expect([first.status, first.headers.get('range')]).toEqual([202, '0-4']);
    location = first.headers.get('location') ?? '';
    expect((await chunk('9-10', 'no')).status).toBe(416);
    const state = await ask(registry, 'GET', location);
    expect([state.status, state.headers.get('range')]).toEqual([204, '0-4']);
    expect((await chunk('5-10', ' world')).status).toBe(202);
    const name = digest('hello world');
    const ended = await ask(registry, 'PUT', `${location}&digest=${name}`);
    expect([ended.status, ended.headers.get('docker-content-digest')]).toEqual([201, name]);
    expect(registry.store.getBlob(REPOSITORY, name)?.toString()).toBe('hello world');
    expect((await ask(registry, 'GET', location)).status).toBe(404);
  });

  it('refuses bytes that do not have the digest, an end without one, and a cancelled upload', async () => {
    const wrong = await ask(
      registry,
      'POST',
      `/v2/${REPOSITORY}/blobs/uploads/?digest=${digest('a')}`,
      { body: 'b' },
    );
    expect([wrong.status, await errorCode(wrong)]).toEqual([400, 'DIGEST_INVALID']);
    const begun = await ask(registry, 'POST', `/v2/${REPOSITORY}/blobs/uploads/`);
    const location = begun.headers.get('location') ?? '';
    expect((await ask(registry, 'DELETE', location)).status).toBe(204);
    expect(
      (await ask(registry, 'PUT', `${location}&digest=${digest('a')}`, { body: 'a' })).status,
    ).toBe(404);
    const other = await ask(registry, 'POST', `/v2/${REPOSITORY}/blobs/uploads/`);
    const noDigest = await ask(registry, 'PUT', other.headers.get('location') ?? '', { body: 'a' });
    expect([noDigest.status, await errorCode(noDigest)]).toEqual([400, 'DIGEST_INVALID']);
  });

  it('mounts a blob of another repository, and begins an upload when it is not there', async () => {
    const name = await pushBlob(registry, 'other/app', 'shared');
    expect((await ask(registry, 'HEAD', `/v2/${REPOSITORY}/blobs/${name}`)).status).toBe(404);
    const mounted = await ask(
      registry,
      'POST',
      `/v2/${REPOSITORY}/blobs/uploads/?mount=${name}&from=other/app`,
    );
    expect(mounted.status).toBe(201);
    expect((await ask(registry, 'HEAD', `/v2/${REPOSITORY}/blobs/${name}`)).status).toBe(200);
    const missing = await ask(
      registry,
      'POST',
      `/v2/${REPOSITORY}/blobs/uploads/?mount=${digest('not there')}&from=other/app`,
    );
    expect(missing.status).toBe(202);
  });

  it('deletes, unless that is switched off', async () => {
    const name = await pushBlob(registry, REPOSITORY, 'x');
    registry.settings.deleteDisabled = true;
    expect((await ask(registry, 'DELETE', `/v2/${REPOSITORY}/blobs/${name}`)).status).toBe(405);
    registry.settings.deleteDisabled = false;
    expect((await ask(registry, 'DELETE', `/v2/${REPOSITORY}/blobs/${name}`)).status).toBe(202);
    expect((await ask(registry, 'DELETE', `/v2/${REPOSITORY}/blobs/${name}`)).status).toBe(404);
  });
});

describe('manifests', () => {
  it('stores by tag and by digest, and names type, length, digest and ETag', async () => {
    await pushBlob(registry, REPOSITORY, '{"c":1}');
    const body = manifestText('{"c":1}');
    const put = await pushManifest(registry, REPOSITORY, 'v1', body);
    expect([put.status, put.headers.get('docker-content-digest')]).toEqual([201, digest(body)]);
    for (const reference of ['v1', digest(body)]) {
      const got = await ask(registry, 'GET', `/v2/${REPOSITORY}/manifests/${reference}`);
      expect([got.status, await got.text()]).toEqual([200, body]);
      const head = await ask(registry, 'HEAD', `/v2/${REPOSITORY}/manifests/${reference}`);
      expect(head.headers.get('content-type')).toBe(MANIFEST);
      expect(head.headers.get('content-length')).toBe(String(body.length));
      expect(head.headers.get('etag')).toBe(`"${digest(body)}"`);
    }
    const missing = await ask(registry, 'GET', `/v2/${REPOSITORY}/manifests/v2`);
    expect([missing.status, await errorCode(missing)]).toEqual([404, 'MANIFEST_UNKNOWN']);
  });

  it('refuses another digest, invalid JSON, another media type, an invalid tag, and more than 4 MiB', async () => {
    await pushBlob(registry, REPOSITORY, '{}');
    const body = manifestText('{}');
    const refusals: [string, string, Record<string, string>, string][] = [
      [digest('other'), body, {}, 'DIGEST_INVALID'],
      ['v1', 'not json', {}, 'MANIFEST_INVALID'],
      ['v1', body, { 'content-type': INDEX }, 'MANIFEST_INVALID'],
      ['-bad', body, {}, 'TAG_INVALID'],
      ['v1', ' '.repeat(4 * 1024 * 1024 + 1), {}, 'SIZE_INVALID'],
    ];
    for (const [reference, text, headers, code] of refusals) {
      const response = await pushManifest(registry, REPOSITORY, reference, text, headers);
      expect(await errorCode(response)).toBe(code);
    }
    expect(registry.store.manifests(REPOSITORY).size).toBe(0);
  });

  it('refuses a manifest whose blobs or children it does not have', async () => {
    const lacking = await pushManifest(registry, REPOSITORY, 'v1', manifestText('{"absent":1}'));
    expect(await errorCode(lacking)).toBe('MANIFEST_BLOB_UNKNOWN');
    const index = JSON.stringify({
      schemaVersion: 2,
      mediaType: INDEX,
      manifests: [{ mediaType: MANIFEST, digest: digest('child'), size: 5 }],
    });
    const orphan = await pushManifest(registry, REPOSITORY, 'v1', index, { 'content-type': INDEX });
    expect(await errorCode(orphan)).toBe('MANIFEST_BLOB_UNKNOWN');
  });

  it('deletes a tag alone, and a digest with its tags', async () => {
    await pushBlob(registry, REPOSITORY, '{}');
    const body = manifestText('{}');
    for (const tag of ['a', 'b']) await pushManifest(registry, REPOSITORY, tag, body);
    expect((await ask(registry, 'DELETE', `/v2/${REPOSITORY}/manifests/a`)).status).toBe(202);
    expect((await ask(registry, 'HEAD', `/v2/${REPOSITORY}/manifests/b`)).status).toBe(200);
    expect(
      (await ask(registry, 'DELETE', `/v2/${REPOSITORY}/manifests/${digest(body)}`)).status,
    ).toBe(202);
    expect((await ask(registry, 'HEAD', `/v2/${REPOSITORY}/manifests/b`)).status).toBe(404);
    expect((await ask(registry, 'DELETE', `/v2/${REPOSITORY}/manifests/b`)).status).toBe(404);
  });
});

describe('tags', () => {
  it('lists them in pages that link to the next', async () => {
    await pushBlob(registry, REPOSITORY, '{}');
    for (const tag of ['c', 'a', 'b'])
      await pushManifest(registry, REPOSITORY, tag, manifestText('{}'));
    const all = await ask(registry, 'GET', `/v2/${REPOSITORY}/tags/list`);
    expect(await all.json()).toEqual({ name: REPOSITORY, tags: ['a', 'b', 'c'] });
    const first = await ask(registry, 'GET', `/v2/${REPOSITORY}/tags/list?n=2`);
    expect(await first.json()).toEqual({ name: REPOSITORY, tags: ['a', 'b'] });
    const next = /<(.+)>; rel="next"/.exec(first.headers.get('link') ?? '')?.[1] ?? '';
    const second = await ask(registry, 'GET', next);
    expect(await second.json()).toEqual({ name: REPOSITORY, tags: ['c'] });
    expect(second.headers.get('link')).toBeNull();
    expect((await ask(registry, 'GET', '/v2/un/known/tags/list')).status).toBe(404);
  });
});

describe('routes', () => {
  it('knows no other path and no other method', async () => {
    expect((await ask(registry, 'GET', '/')).status).toBe(404);
    expect((await ask(registry, 'GET', '/v2/UPPER/manifests/a')).status).toBe(404);
    expect((await ask(registry, 'POST', `/v2/${REPOSITORY}/manifests/a`)).status).toBe(405);
    expect((await ask(registry, 'PUT', `/v2/${REPOSITORY}/tags/list`)).status).toBe(405);
    expect((await ask(registry, 'GET', '/v2/')).status).toBe(200);
  });
});

describe('a folder', () => {
  it('keeps everything for the next start', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'registry-'));
    try {
      const first = await startRegistry({ folder });
      await pushBlob(first, REPOSITORY, '{}');
      await pushManifest(first, REPOSITORY, 'v1', manifestText('{}'));
      await first.close();
      const second = await startRegistry({ folder });
      const got = await ask(second, 'GET', `/v2/${REPOSITORY}/manifests/v1`);
      expect(await got.text()).toBe(manifestText('{}'));
      expect((await ask(second, 'GET', `/v2/${REPOSITORY}/blobs/${digest('{}')}`)).status).toBe(
        200,
      );
      await second.close();
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
