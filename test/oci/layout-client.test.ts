import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  BLOB_FOLDER,
  createLayoutClient,
  digestOf,
  encodeLayoutIndex,
  hexOf,
  INDEX_FILE,
  OCI_MANIFEST,
  parseTag,
} from '../../src/oci';

const repository = { registry: 'registry.example.com', path: 'team/app' };
const tag = parseTag('v1');
const config = Buffer.from('{}');
const bytes = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    config: { mediaType: 'application/vnd.oci.empty.v1+json', digest: digestOf(config), size: 2 },
    layers: [],
  }),
);
const descriptor = { mediaType: OCI_MANIFEST, digest: digestOf(bytes), size: bytes.length };
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'layout-'));
  await mkdir(join(folder, BLOB_FOLDER), { recursive: true });
  await writeFile(
    join(folder, INDEX_FILE),
    encodeLayoutIndex([{ descriptor, tag, kind: 'image' }]),
  );
  await writeFile(join(folder, BLOB_FOLDER, hexOf(descriptor.digest)), bytes);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('a client that reads an OCI layout', () => {
  it('resolves names of index.json, and finds nothing else', async () => {
    const client = createLayoutClient(folder);
    expect(await client.resolve(repository, tag)).toEqual(descriptor);
    expect(await client.getManifest(repository, parseTag('v2'))).toBeUndefined();
    expect(await client.getManifest(repository, digestOf(config))).toBeUndefined();
    expect(await client.referrers(repository, descriptor.digest)).toEqual([]);
  });

  it('rejects content that does not match its name, or the size of its descriptor', async () => {
    const path = join(folder, BLOB_FOLDER, hexOf(digestOf(config)));
    await writeFile(path, config);
    const blob = { mediaType: 'text/plain', digest: digestOf(config), size: 2 };
    const client = createLayoutClient(folder);
    expect(await client.getBlob(repository, blob)).toEqual(config);
    const failure = { code: 'CONTENT_MISMATCH' };
    await expect(client.getBlob(repository, { ...blob, size: 3 })).rejects.toMatchObject(failure);
    await writeFile(path, '[]');
    await expect(client.getBlob(repository, blob)).rejects.toMatchObject(failure);
  });

  it('rejects a folder without index.json', async () => {
    await rm(join(folder, INDEX_FILE));
    const resolved = createLayoutClient(folder).resolve(repository, tag);
    await expect(resolved).rejects.toMatchObject({ code: 'CONTENT_MALFORMED' });
  });
});
