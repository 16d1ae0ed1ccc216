import { gzipSync } from 'node:zlib';

import { type RunningRegistry, startRegistry } from '../../dev/registry';
import {
  type Descriptor,
  digestOf,
  MAX_MANIFEST_BYTES,
  OCI_CONFIG,
  OCI_INDEX,
  OCI_MANIFEST,
  parseDigest,
  parseTag,
  type RegistryClient,
} from '../../src/oci';
import {
  LATEST,
  refusalOf,
  repositoryOf,
  storeImage,
  testClient,
} from './support/registry-fixture';

let registry: RunningRegistry;
let client: RegistryClient;
let image: Descriptor;

beforeEach(async () => {
  registry = await startRegistry();
  client = testClient().client;
  image = storeImage(registry);
});
afterEach(async () => {
  await client.close();
  await registry.close();
});
const repository = () => repositoryOf(registry);
const ABSENT = digestOf(Buffer.from('absent'));

describe('reading manifests', () => {
  it('resolves a tag and a digest by HEAD alone', async () => {
    expect(await client.resolve(repository(), LATEST)).toEqual(image);
    expect(await client.resolve(repository(), image.digest)).toEqual(image);
    expect(registry.requests.map(({ method }) => method)).toEqual(['HEAD', 'HEAD']);
  });

  it('reads the very bytes, with their ETag', async () => {
    const fetched = await client.getManifest(repository(), LATEST);
    expect(fetched?.descriptor).toEqual(image);
    expect(digestOf(fetched?.bytes ?? Buffer.alloc(0))).toBe(image.digest);
    expect(fetched?.etag).toBe(`"${image.digest}"`);
    registry.settings.etags = false;
    expect(await client.getManifest(repository(), image.digest)).not.toHaveProperty('etag');
  });

  it('returns undefined for a 404 with a registry error or an empty body', async () => {
    expect(await client.resolve(repository(), parseTag('v9'))).toBeUndefined();
    expect(await client.getManifest(repository(), ABSENT)).toBeUndefined();
    registry.settings.faults = () => ({ status: 404 });
    expect(await client.resolve(repository(), LATEST)).toBeUndefined();
    expect(await client.getManifest(repository(), LATEST)).toBeUndefined();
  });

  it.each([
    ['an HTML page', 'text/html', '<!DOCTYPE html><title>Not found</title>'],
    ['plain text', 'text/plain', 'no such site'],
    ["a gateway's JSON", 'application/json', '{"message":"no route matched"}'],
  ])('reports that the host is not a registry for a 404 that is %s', async (_, type, body) => {
    registry.settings.faults = ({ method }) => ({
      status: 404,
      headers: { 'content-type': type },
      ...(method === 'GET' && { body }),
    });
    const error = await refusalOf(client.getManifest(repository(), LATEST));
    expect(error.code).toBe('REGISTRY_PROTOCOL');
    expect(error.message).toContain('does not appear to be an OCI registry');
    expect(error.message).toContain(registry.host);
  });

  it.each([
    ['HTML', 'text/html; charset=utf-8', '<html>Log in</html>'],
    ['HTML under a generic type', 'text/plain', '  <!doctype html>'],
    ['text', OCI_MANIFEST, 'welcome'],
    ['JSON of no type', 'application/json', '{}'],
  ])('reports that the host is not a registry for a success with %s', async (_, type, body) => {
    registry.settings.faults = () => ({ status: 200, headers: { 'content-type': type }, body });
    for (const look of [
      client.getManifest(repository(), LATEST),
      client.resolve(repository(), LATEST),
    ]) {
      const error = await refusalOf(look);
      expect(error.code).toBe('REGISTRY_PROTOCOL');
      expect(error.message).toContain('does not appear to be an OCI registry');
    }
  });

  it('rejects bytes that do not match the digest', async () => {
    const other = Buffer.from(
      JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, evil: true }),
    );
    registry.store.putManifest(
      'team/app',
      { mediaType: OCI_MANIFEST, bytes: other },
      { digest: image.digest },
    );
    const error = await refusalOf(client.getManifest(repository(), image.digest));
    expect(error.code).toBe('CONTENT_MISMATCH');
    expect(error.message).toContain(digestOf(other));
  });

  it('rejects bytes of a tag that do not match Docker-Content-Digest', async () => {
    const { bytes } = registry.store.getManifest('team/app', 'latest') ?? {
      bytes: Buffer.alloc(0),
    };
    registry.settings.faults = () => ({
      status: 200,
      headers: { 'content-type': OCI_MANIFEST, 'docker-content-digest': ABSENT },
      body: bytes,
    });
    const error = await refusalOf(client.getManifest(repository(), LATEST));
    expect(error.code).toBe('CONTENT_MISMATCH');
    // For a digest only the bytes are verified, and the header is ignored.
    expect((await client.resolve(repository(), image.digest))?.digest).toBe(image.digest);
  });

  it('sends a second HEAD before an image is reported as missing', async () => {
    let wrong = 1;
    registry.settings.faults = () => (wrong-- > 0 ? { status: 404 } : undefined);
    expect(await client.resolve(repository(), image.digest)).toEqual(image);
    expect(registry.requests.map(({ method }) => method)).toEqual(['HEAD', 'HEAD']);
  });

  it('reads twice before it reports that content does not exist or does not match its digest', async () => {
    const once = (answer: { status: number; body?: string }): void => {
      let left = 1;
      registry.settings.faults = () => (left-- > 0 ? answer : undefined);
    };
    const { bytes } = (await client.getManifest(repository(), LATEST)) ?? {};
    for (const answer of [{ status: 404 }, { status: 200, body: 'other bytes' }]) {
      once(answer);
      expect((await client.getManifest(repository(), image.digest))?.bytes).toEqual(bytes);
    }
    once({ status: 404 });
    expect((await client.getManifest(repository(), LATEST))?.bytes).toEqual(bytes);
  });

  it('reads and hashes if the response to HEAD is incomplete', async () => {
    const { bytes } = registry.store.getManifest('team/app', 'latest') ?? {
      bytes: Buffer.alloc(0),
    };
    registry.settings.faults = ({ method }) =>
      method === 'HEAD'
        ? { status: 405 }
        : { status: 200, headers: { 'content-type': 'application/json' }, body: bytes };
    expect(await client.resolve(repository(), LATEST)).toEqual(image);
  });

  it('refuses a type that header and body do not agree on', async () => {
    const { bytes } = registry.store.getManifest('team/app', 'latest') ?? {
      bytes: Buffer.alloc(0),
    };
    registry.settings.faults = () => ({
      status: 200,
      headers: { 'content-type': OCI_INDEX },
      body: bytes,
    });
    expect((await refusalOf(client.getManifest(repository(), LATEST))).code).toBe(
      'CONTENT_MISMATCH',
    );
  });

  it('refuses a name that comes twice', async () => {
    const bytes = Buffer.from(`{"mediaType":"${OCI_MANIFEST}","config":{},"config":{}}`);
    registry.store.putManifest('team/app', { mediaType: OCI_MANIFEST, bytes }, { tag: 'twice' });
    const error = await refusalOf(client.getManifest(repository(), parseTag('twice')));
    expect(error.code).toBe('CONTENT_MALFORMED');
  });

  it('stops reading at 4 MiB', async () => {
    const bytes = Buffer.alloc(MAX_MANIFEST_BYTES + 1, 'a');
    registry.settings.faults = () => ({
      status: 200,
      headers: { 'content-type': OCI_MANIFEST },
      body: bytes,
    });
    expect((await refusalOf(client.getManifest(repository(), LATEST))).code).toBe(
      'CONTENT_TOO_LARGE',
    );
  });

  it('does not request compression, and does not decompress', async () => {
    await client.getManifest(repository(), LATEST);
    expect(registry.requests[0]?.headers['accept-encoding']).toBe('identity');
    registry.settings.faults = () => ({
      status: 200,
      headers: { 'content-type': OCI_MANIFEST, 'content-encoding': 'gzip' },
      body: gzipSync(Buffer.from('{}')),
    });
    expect((await refusalOf(client.getManifest(repository(), image.digest))).code).toBe(
      'CONTENT_MISMATCH',
    );
  });
});

describe('writing manifests', () => {
  const bytesOf = (): Buffer =>
    registry.store.getManifest('team/app', 'latest')?.bytes ?? Buffer.alloc(0);

  it('writes by tag and by digest and returns the descriptor', async () => {
    expect(await client.putManifest(repository(), parseTag('v2'), bytesOf(), OCI_MANIFEST)).toEqual(
      image,
    );
    expect(await client.putManifest(repository(), image.digest, bytesOf(), OCI_MANIFEST)).toEqual(
      image,
    );
    expect(registry.store.resolve('team/app', 'v2')).toBe(image.digest);
  });

  it('does not push content with another digest or above the limit', async () => {
    const mismatch = await refusalOf(
      client.putManifest(repository(), ABSENT, bytesOf(), OCI_MANIFEST),
    );
    expect(mismatch.code).toBe('CONTENT_MISMATCH');
    const large = Buffer.alloc(MAX_MANIFEST_BYTES + 1);
    expect(
      (await refusalOf(client.putManifest(repository(), LATEST, large, OCI_MANIFEST))).code,
    ).toBe('CONTENT_TOO_LARGE');
    expect(registry.requests).toEqual([]);
  });

  it('writes only while the ETag holds', async () => {
    const bytes = bytesOf();
    const options = { ifMatch: `"${image.digest}"` };
    await client.putManifest(repository(), LATEST, bytes, OCI_MANIFEST, options);
    storeImage(registry, 'team/app', 'another');
    const error = await refusalOf(
      client.putManifest(repository(), LATEST, bytes, OCI_MANIFEST, options),
    );
    expect(error.code).toBe('REGISTRY_CONFLICT');
    expect(registry.store.resolve('team/app', 'latest')).not.toBe(image.digest);
  });

  it('reports an immutable tag, and content that the registry does not have', async () => {
    registry.settings.immutableTags = true;
    const bytes = bytesOf();
    storeImage(registry, 'team/app', 'another');
    const immutable = await refusalOf(
      client.putManifest(repository(), LATEST, bytes, OCI_MANIFEST),
    );
    expect(immutable.code).toBe('REGISTRY_CONFLICT');
    expect(immutable.message).toContain('immutable');
    const elsewhere = repositoryOf(registry, 'other/app');
    const lacking = await refusalOf(client.putManifest(elsewhere, LATEST, bytes, OCI_MANIFEST));
    expect(lacking.message).toContain('MANIFEST_BLOB_UNKNOWN');
  });

  it('rejects the digest of other content in the response of a registry', async () => {
    registry.settings.faults = () => ({
      status: 201,
      headers: { 'docker-content-digest': ABSENT },
    });
    const error = await refusalOf(
      client.putManifest(repository(), LATEST, bytesOf(), OCI_MANIFEST),
    );
    expect(error.code).toBe('CONTENT_MISMATCH');
  });

  it.each([
    [404, '{"errors":[{"code":"NAME_UNKNOWN","message":"no repository"}]}', 'REGISTRY_NOT_FOUND'],
    [404, '<html></html>', 'REGISTRY_PROTOCOL'],
    [200, '<html></html>', 'REGISTRY_PROTOCOL'],
    [403, '', 'REGISTRY_FORBIDDEN'],
    [409, '', 'REGISTRY_CONFLICT'],
    [412, '', 'REGISTRY_CONFLICT'],
    [413, '', 'CONTENT_TOO_LARGE'],
    [418, '', 'REGISTRY_PROTOCOL'],
    [429, '', 'REGISTRY_THROTTLED'],
    [500, '', 'REGISTRY_UNAVAILABLE'],
    [501, '', 'REGISTRY_UNAVAILABLE'],
    [301, '', 'REGISTRY_PROTOCOL'],
  ])('reports %i %s as %s', async (status, body, code) => {
    registry.settings.faults = () => ({ status, body, headers: { location: '/elsewhere' } });
    const error = await refusalOf(
      client.putManifest(repository(), LATEST, bytesOf(), OCI_MANIFEST),
    );
    expect(error.code).toBe(code);
    expect(error.message).toContain(`${registry.host}/team/app`);
  });
});

describe('blobs', () => {
  const bytes = Buffer.from('some bytes');

  it('uploads once, and reads back what was uploaded', async () => {
    const descriptor = await client.putBlob(repository(), bytes, OCI_CONFIG);
    expect(descriptor).toEqual({
      mediaType: OCI_CONFIG,
      digest: digestOf(bytes),
      size: bytes.length,
    });
    expect(await client.getBlob(repository(), descriptor)).toEqual(bytes);
  });

  const answers = () => registry.requests.map(({ method, status }) => `${method} ${status}`);

  it('uploads a small one directly, and first checks whether a large one exists', async () => {
    await client.putBlob(repository(), bytes, OCI_CONFIG);
    expect(answers()).toEqual(['POST 201']);
    registry.clearRequests();
    const large = Buffer.alloc(100_000, 'x');
    await client.putBlob(repository(), large, OCI_CONFIG);
    await client.putBlob(repository(), large, OCI_CONFIG);
    expect(answers()).toEqual(['HEAD 404', 'POST 202', 'PUT 201', 'HEAD 200']);
  });

  it.each([
    ['takes it for the begin of an upload', false, ['POST 202', 'PUT 201']],
    ['refuses it', 'refused', ['POST 405', 'POST 202', 'PUT 201']],
  ] as const)(
    'continues with two requests on a registry that %s, and uses them from then on',
    async (_, kind, first) => {
      registry.settings.singlePost = kind;
      await client.putBlob(repository(), bytes, OCI_CONFIG);
      expect(answers()).toEqual(first);
      expect(registry.store.getBlob('team/app', digestOf(bytes))).toEqual(bytes);
      registry.clearRequests();
      await client.putBlob(repositoryOf(registry, 'team/beside'), bytes, OCI_CONFIG);
      expect(answers()).toEqual(['POST 202', 'PUT 201']);
      expect(registry.requests[0]).toMatchObject({ taken: 0 });
    },
  );

  it('follows upload locations that are absolute, and keeps their query as it is', async () => {
    registry.settings.absoluteLocations = true;
    registry.settings.singlePost = false;
    await client.putBlob(repository(), bytes, OCI_CONFIG);
    const put = registry.requests.find(({ method }) => method === 'PUT');
    expect(put?.path).toContain(`?_state=0&digest=sha256%3A`);
  });

  it('returns undefined for an absent one', async () => {
    const absent = { mediaType: OCI_CONFIG, digest: ABSENT, size: 6 };
    expect(await client.getBlob(repository(), absent)).toBeUndefined();
  });

  it.each([
    ['longer ones', 'some bytes and more', 'CONTENT_TOO_LARGE'],
    ['shorter ones', 'some', 'CONTENT_MISMATCH'],
    ['others of the same length', 'same bytes', 'CONTENT_MISMATCH'],
  ])('rejects other bytes: %s', async (_, other, code) => {
    registry.store.putBlob('team/app', Buffer.from(other), digestOf(bytes));
    const descriptor = { mediaType: OCI_CONFIG, digest: digestOf(bytes), size: bytes.length };
    expect((await refusalOf(client.getBlob(repository(), descriptor))).code).toBe(code);
  });

  it('does not request more than 128 MiB', async () => {
    const huge = { mediaType: OCI_CONFIG, digest: ABSENT, size: 128 * 1024 * 1024 + 1 };
    expect((await refusalOf(client.getBlob(repository(), huge))).code).toBe('CONTENT_TOO_LARGE');
    expect(registry.requests).toEqual([]);
  });

  it('reports a rejected upload, and one without a Location', async () => {
    registry.settings.faults = ({ method }) => (method === 'POST' ? { status: 403 } : undefined);
    expect((await refusalOf(client.putBlob(repository(), bytes, OCI_CONFIG))).code).toBe(
      'REGISTRY_FORBIDDEN',
    );
    registry.settings.faults = ({ method }) => (method === 'POST' ? { status: 202 } : undefined);
    expect((await refusalOf(client.putBlob(repository(), bytes, OCI_CONFIG))).code).toBe(
      'REGISTRY_PROTOCOL',
    );
    registry.settings.faults = ({ method }) =>
      method === 'PUT'
        ? { status: 400, body: '{"errors":[{"code":"DIGEST_INVALID"}]}' }
        : undefined;
    expect((await refusalOf(client.putBlob(repository(), bytes, OCI_CONFIG))).message).toContain(
      'DIGEST_INVALID',
    );
    registry.settings.faults = ({ method }) =>
      method === 'GET' ? { status: 403, body: '{"errors":"none"}' } : undefined;
    const descriptor = { mediaType: OCI_CONFIG, digest: parseDigest(ABSENT), size: 1 };
    expect((await refusalOf(client.getBlob(repository(), descriptor))).code).toBe(
      'REGISTRY_FORBIDDEN',
    );
  });
});
