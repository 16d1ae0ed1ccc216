import { type RunningRegistry, startRegistry } from '../../dev/registry';
import {
  type Descriptor,
  digestOf,
  fallbackTag,
  OCI_EMPTY,
  OCI_INDEX,
  OCI_MANIFEST,
  parseDescriptor,
  type RegistryClient,
} from '../../src/oci';
import {
  ARTIFACT_TYPE,
  attach,
  referrerOf,
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
const listed = async (): Promise<string[]> =>
  (await client.referrers(repository(), image.digest)).map(({ digest }) => digest).sort();

interface FallbackEntry {
  readonly digest: string;
  readonly [name: string]: unknown;
}
/** What the fallback tag holds, read from the registry's store. */
function fallback():
  { readonly manifests: FallbackEntry[]; readonly [name: string]: unknown } | undefined {
  const stored = registry.store.getManifest('team/app', fallbackTag(image.digest));
  return stored && JSON.parse(stored.bytes.toString());
}
function putFallback(document: unknown, mediaType = OCI_INDEX): void {
  const bytes = Buffer.from(JSON.stringify(document));
  registry.store.putManifest('team/app', { mediaType, bytes }, { tag: fallbackTag(image.digest) });
}
/** Attaches as another tool would: no fallback entry of ours. */
function storeReferrer(content: string): Descriptor {
  const { bytes, digest, blobs } = referrerOf(image, content);
  for (const blob of blobs) registry.store.putBlob('team/app', blob);
  registry.store.putManifest('team/app', { mediaType: OCI_MANIFEST, bytes });
  return { mediaType: OCI_MANIFEST, digest, size: bytes.length };
}

describe('a registry with the referrers API', () => {
  it('lists what was attached, and gets no fallback tag', async () => {
    const one = await attach(client, repository(), image, 'one');
    const two = await attach(client, repository(), image, 'two');
    expect(await listed()).toEqual([one.digest, two.digest].sort());
    const found = await client.referrers(repository(), image.digest);
    expect(found.find(({ digest }) => digest === one.digest)).toEqual({
      ...one,
      artifactType: ARTIFACT_TYPE,
      annotations: { made: 'here' },
    });
    expect(fallback()).toBeUndefined();
  });

  it('is read to the last page, of which all are at the registry', async () => {
    for (const name of ['1', '2', '3']) storeReferrer(name);
    registry.settings.referrersPageSize = 1;
    expect(await listed()).toHaveLength(3);
    const elsewhere = { link: '<https://elsewhere.example/v2/>; rel="next"' };
    const body = JSON.stringify({ schemaVersion: 2, manifests: [] });
    registry.settings.faults = () => ({
      status: 200,
      headers: { 'content-type': OCI_INDEX, ...elsewhere },
      body,
    });
    expect((await refusalOf(listed())).code).toBe('REGISTRY_PROTOCOL');
    registry.settings.faults = ({ path }) => ({
      status: 200,
      headers: { 'content-type': OCI_INDEX, link: `<${path}>; rel=next` },
      body,
    });
    expect((await refusalOf(listed())).code).toBe('CONTENT_TOO_LARGE');
  });

  it('that could not be read is never "no referrers"', async () => {
    for (const [status, code] of [
      [401, 'REGISTRY_UNAUTHORIZED'],
      [403, 'REGISTRY_FORBIDDEN'],
      [429, 'REGISTRY_THROTTLED'],
      [500, 'REGISTRY_UNAVAILABLE'],
    ] as const) {
      registry.settings.faults = () => ({ status });
      expect((await refusalOf(listed())).code).toBe(code);
    }
    registry.settings.faults = () => ({
      status: 404,
      headers: { 'content-type': 'text/html' },
      body: '<html>',
    });
    expect((await refusalOf(listed())).code).toBe('REGISTRY_PROTOCOL');
  });

  it('refuses a malformed list, and leaves out digests of other algorithms', async () => {
    const answer = (manifests: unknown) => () => ({
      status: 200,
      headers: { 'content-type': OCI_INDEX },
      body: JSON.stringify({ schemaVersion: 2, manifests }),
    });
    registry.settings.faults = answer(null);
    expect(await listed()).toEqual([]);
    registry.settings.faults = answer([
      { mediaType: 'a/b', size: 1, digest: `sha512:${'0'.repeat(128)}` },
      image,
    ]);
    expect(await listed()).toEqual([image.digest]);
    for (const bad of [
      'list',
      undefined,
      [{ ...image, digest: 'sha256:short' }],
      [{ ...image, size: -1 }],
      [7],
    ]) {
      registry.settings.faults = answer(bad);
      expect((await refusalOf(listed())).code).toBe('CONTENT_MALFORMED');
    }
  });
});

describe('a registry without the referrers API', () => {
  beforeEach(() => {
    registry.settings.referrersApi = false;
  });

  it('lists what was attached in the fallback tag, sorted, with type and annotations', async () => {
    const descriptors = [];
    for (const name of ['a', 'b', 'c', 'd']) {
      descriptors.push(await attach(client, repository(), image, name));
    }
    const digests = descriptors.map(({ digest }) => digest).sort();
    expect(fallback()?.manifests.map(({ digest }) => digest)).toEqual(digests);
    expect(fallback()).toMatchObject({ schemaVersion: 2, mediaType: OCI_INDEX });
    expect(fallback()?.manifests[0]).toMatchObject({
      mediaType: OCI_MANIFEST,
      artifactType: ARTIFACT_TYPE,
      annotations: { made: 'here' },
    });
    expect(await listed()).toEqual(digests);
  });

  it('keeps what others wrote as it is, and writes nothing twice', async () => {
    const other = storeReferrer('by another tool');
    const entry = { ...other, artifactType: OCI_EMPTY, data: 'e30=' };
    putFallback({
      schemaVersion: 2,
      mediaType: OCI_INDEX,
      manifests: [entry],
      annotations: { by: 'other' },
    });
    const ours = await attach(client, repository(), image, 'ours');
    expect(fallback()?.manifests).toContainEqual(entry);
    expect(fallback()).toMatchObject({ annotations: { by: 'other' } });
    expect(await listed()).toEqual([other.digest, ours.digest].sort());
    registry.clearRequests();
    await attach(client, repository(), image, 'ours');
    const writes = registry.requests.filter(
      ({ method, path }) => method === 'PUT' && path.includes('sha256-'),
    );
    expect(writes).toEqual([]);
  });

  it('also when the registry claims to have taken note of the subject', async () => {
    registry.settings.claimsSubject = true;
    const ours = await attach(client, repository(), image, 'ours');
    expect(fallback()?.manifests.map(({ digest }) => digest)).toEqual([ours.digest]);
  });

  it('also when the API answers but the subject was not taken note of', async () => {
    const body = JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] });
    registry.settings.faults = ({ path }) =>
      path.includes('/referrers/')
        ? { status: 200, headers: { 'content-type': OCI_INDEX }, body }
        : undefined;
    const ours = await attach(client, repository(), image, 'ours');
    expect(fallback()?.manifests.map(({ digest }) => digest)).toEqual([ours.digest]);
  });

  it.each([400, 404, 405, 406, 501])(
    'treats %i, and a 200 that is not an index, as "no API"',
    async (status) => {
      const ours = await attach(client, repository(), image, 'ours');
      registry.settings.faults = ({ path }) =>
        path.includes('/referrers/') ? { status } : undefined;
      expect(await listed()).toEqual([ours.digest]);
      registry.settings.faults = ({ path }) =>
        path.includes('/referrers/')
          ? { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' }
          : undefined;
      expect(await listed()).toEqual([ours.digest]);
    },
  );

  it('loses nothing when several attach at once, with and without ETags', async () => {
    for (const etags of [true, false]) {
      registry.settings.etags = etags;
      const clients = [testClient().client, testClient().client];
      const names = ['1', '2', '3', '4', '5', '6'].map((name) => `${etags} ${name}`);
      const all = await Promise.all(
        names.map((name, position) =>
          attach(clients[position % 2] ?? client, repository(), image, name),
        ),
      );
      await Promise.all(clients.map((one) => one.close()));
      expect(await listed()).toEqual(expect.arrayContaining(all.map(({ digest }) => digest)));
    }
  });

  it('writes on top of what another process wrote between its read and its write', async () => {
    const other = storeReferrer('by another process');
    let done = false;
    registry.settings.faults = ({ method, path }) => {
      if (!done && method === 'PUT' && path.includes('sha256-')) {
        done = true;
        putFallback({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [other] });
      }
      return undefined;
    };
    await attach(client, repository(), image, 'first of ours');
    done = false;
    const third = storeReferrer('by a third process');
    registry.settings.faults = ({ method, path }) => {
      if (!done && method === 'PUT' && path.includes('sha256-')) {
        done = true;
        const { manifests = [], ...rest } = fallback() ?? {};
        putFallback({ ...rest, manifests: [...manifests, third] });
      }
      return undefined;
    };
    const ours = await attach(client, repository(), image, 'second of ours');
    expect(await listed()).toEqual(expect.arrayContaining([third.digest, ours.digest]));
  });

  it('writes again what another process overwrote after its write', async () => {
    const other = storeReferrer('by another process');
    let overwrites = 0;
    registry.settings.faults = ({ method, path }) => {
      const isReadBack = method === 'GET' && path.includes('sha256-') && fallback() !== undefined;
      if (isReadBack && overwrites < 2) {
        overwrites += 1;
        putFallback({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [other] });
      }
      return undefined;
    };
    const ours = await attach(client, repository(), image, 'ours');
    expect(overwrites).toBe(2);
    expect(await listed()).toEqual([other.digest, ours.digest].sort());
  });

  it('fails with an error when its entry is lost repeatedly', async () => {
    registry.settings.faults = ({ method, path }) => {
      if (method === 'GET' && path.includes('sha256-')) {
        putFallback({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] });
      }
      return undefined;
    };
    const error = await refusalOf(attach(client, repository(), image, 'ours'));
    expect(error.code).toBe('REGISTRY_CONFLICT');
    expect(error.message).toContain(fallbackTag(image.digest));
  });

  it('waits until its write is visible', async () => {
    registry.settings.lateVisibility = 3;
    const ours = await attach(client, repository(), image, 'ours');
    registry.settings.lateVisibility = 0;
    expect(fallback()?.manifests.map(({ digest }) => digest)).toEqual([ours.digest]);
  });

  it('reports an immutable fallback tag', async () => {
    registry.settings.immutableTags = true;
    await attach(client, repository(), image, 'first');
    const error = await refusalOf(attach(client, repository(), image, 'second'));
    expect(error.code).toBe('REGISTRY_CONFLICT');
    expect(error.message).toContain('immutable');
  });

  it.each([true, false])(
    'replaces the image itself under this tag, as cosign copies it; preconditions honored: %s',
    async (conditions) => {
      registry.settings.conditions = conditions;
      const bytes = registry.store.getManifest('team/app', 'latest')?.bytes ?? Buffer.alloc(0);
      const tag = fallbackTag(image.digest);
      registry.store.putManifest('team/app', { mediaType: OCI_MANIFEST, bytes }, { tag });
      expect(await listed()).toEqual([]);
      const ours = await attach(client, repository(), image, 'ours');
      expect(fallback()?.manifests.map(({ digest }) => digest)).toEqual([ours.digest]);
    },
  );

  it('does not touch a tag that holds something else than an index of referrers', async () => {
    const latest = registry.store.getManifest('team/app', 'latest')?.bytes ?? Buffer.alloc(0);
    // Another manifest than the image itself.
    const bytes = Buffer.concat([latest, Buffer.from('\n')]);
    const tag = fallbackTag(image.digest);
    registry.store.putManifest('team/app', { mediaType: OCI_MANIFEST, bytes }, { tag });
    expect((await refusalOf(attach(client, repository(), image, 'ours'))).code).toBe(
      'CONTENT_MALFORMED',
    );
    expect((await refusalOf(listed())).code).toBe('CONTENT_MALFORMED');
    expect(registry.store.resolve('team/app', tag)).toBe(digestOf(bytes));
    putFallback({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: 'none' });
    expect((await refusalOf(listed())).code).toBe('CONTENT_MALFORMED');
  });
});

it('refuses to attach a manifest that is for another subject', async () => {
  const other = storeImage(registry, 'team/app', 'another');
  const { bytes } = referrerOf(other, 'x');
  const error = await refusalOf(client.putReferrer(repository(), image, bytes, OCI_MANIFEST));
  expect(error.code).toBe('INTERNAL');
});

it('the descriptors that it returns are what parseDescriptor takes', async () => {
  const ours = await attach(client, repository(), image, 'ours');
  expect(parseDescriptor(JSON.parse(JSON.stringify(ours)), 'it')).toEqual(ours);
});
