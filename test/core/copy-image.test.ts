import { generateKeyPairSync, randomBytes } from 'node:crypto';

import { storeImage } from '../../dev/load/image';
import { type RunningRegistry, sha256, startRegistry } from '../../dev/registry';
import {
  attestImage,
  copyImage,
  type CopyImageArgs,
  imageTree,
  InvalidInputError,
  signImage,
  verifyImage,
} from '../../src/core';
import { processHost } from '../../src/host/host';
import { createRegistryClient } from '../../src/oci';
import { OWN_PREDICATE, OWN_TYPE } from '../attestations/support/predicates';

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const PUBLIC = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const OTHER = other.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const pem = { type: 'pkcs8', format: 'pem' } as const;
const host = {
  ...processHost(),
  env: {
    KEY: pair.privateKey.export(pem).toString(),
    OTHER: other.privateKey.export(pem).toString(),
  },
};
const key = { ref: 'env://KEY' };

const INDEX = 'application/vnd.oci.image.index.v1+json';
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

/** Adds an index of two platforms, and an artifact that refers to it. */
function storeIndex(registry: RunningRegistry, repository: string): string {
  const { store } = registry;
  const platforms = ['amd64', 'arm64'].map((architecture) => {
    const layer = Buffer.from(`layer of ${architecture} in ${repository}`);
    const blob = (bytes: Buffer, mediaType: string) => ({
      mediaType,
      digest: store.putBlob(repository, bytes),
      size: bytes.length,
    });
    const bytes = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: MANIFEST,
        config: blob(
          Buffer.from(JSON.stringify({ architecture, os: 'linux' })),
          'application/vnd.oci.image.config.v1+json',
        ),
        layers: [blob(layer, 'application/vnd.oci.image.layer.v1.tar')],
      }),
    );
    const digest = store.putManifest(repository, { mediaType: MANIFEST, bytes });
    return {
      mediaType: MANIFEST,
      digest,
      size: bytes.length,
      platform: { os: 'linux', architecture },
    };
  });
  const index = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: platforms }),
  );
  return store.putManifest(repository, { mediaType: INDEX, bytes: index }, { tag: 'v1' });
}

/** The digest and the content of everything that a registry has in a repository. */
function contentOf({ store }: RunningRegistry, repository: string): readonly string[] {
  return [...store.manifests(repository).keys()].sort();
}

describe.each([
  [true, true],
  [true, false],
  [false, true],
])('referrers API of source %s, of destination %s', (sourceApi, destinationApi) => {
  let source: RunningRegistry;
  let destination: RunningRegistry;
  let image: string;
  let reference: string;

  beforeAll(async () => {
    source = await startRegistry({ settings: { referrersApi: sourceApi } });
    destination = await startRegistry({ settings: { referrersApi: destinationApi } });
    reference = `${source.host}/app@${storeIndex(source, 'app')}`;
    image = `${source.host}/app:v1`;
    await signImage({ image, key, format: 'both' }, { host });
    const what = { image, key, predicateType: OWN_TYPE, predicate: OWN_PREDICATE };
    await attestImage({ ...what, format: 'both' }, { host });
  });
  afterAll(async () => {
    await source.close();
    await destination.close();
  });

  const copy = (path: string, change: Partial<CopyImageArgs> = {}) =>
    copyImage({ image, destination: `${destination.host}/${path}`, ...change }, { host });

  it('copies an index with its platforms, signatures and attestations', async () => {
    const result = await copy('mirror/app', { keys: [PUBLIC] });
    const copied = `${destination.host}/mirror/app`;
    expect(result).toMatchObject({ source: reference, tag: 'v1', verified: true });
    expect(result.referrers).toHaveLength(4);
    expect(result.legacyTags).toHaveLength(4);
    const tagged = await verifyImage({ image: `${copied}:v1`, keys: [PUBLIC], format: 'both' });
    expect(tagged.imageRef).toBe(result.reference);
    const attested = { keys: [PUBLIC], predicateType: OWN_TYPE, format: 'both' as const };
    await verifyImage({ image: `${copied}:v1`, ...attested });
    const trees = await Promise.all([imageTree({ image }), imageTree({ image: `${copied}:v1` })]);
    const [before, after] = trees.map(({ manifests }) =>
      manifests.map(({ digest, signatures }) => [
        digest,
        signatures.map(({ stored }) => stored).sort(),
      ]),
    );
    expect(after).toEqual(before);
  });

  it('writes nothing a second time, and the tag last', async () => {
    const path = 'mirror/again';
    destination.clearRequests();
    await copy(path);
    const writes = () =>
      destination.requests.filter(({ method }) => ['PUT', 'POST', 'PATCH'].includes(method));
    expect(writes().at(-1)?.path).toBe(`/v2/${path}/manifests/v1`);
    const stored = contentOf(destination, path);
    destination.clearRequests();
    const again = await copy(path);
    expect(writes()).toEqual([]);
    expect(again).toMatchObject({ manifests: { copied: 0 }, blobs: { copied: 0 }, bytes: 0 });
    expect(contentOf(destination, path)).toEqual(stored);
  });

  it('finishes after a failure at any write, and leaves no tag before', async () => {
    const total = await countedWrites();
    expect(total).toBeGreaterThan(10);
    for (let failing = 1; failing <= total; failing += 5) {
      const path = `mirror/failing-${failing}`;
      let writes = 0;
      destination.settings.faults = ({ method, path: requested }) => {
        if (!['PUT', 'POST'].includes(method) || !requested.includes(path)) return undefined;
        writes += 1;
        return writes === failing ? { status: 403 } : undefined;
      };
      const failed = await copy(path).catch((error: unknown) => error);
      destination.settings.faults = undefined;
      // A write may have an alternative; a failure must not have written the tag.
      if (failed instanceof Error)
        expect(destination.store.tags(path)?.has('v1') ?? false).toBe(false);
      await copy(path);
      await verifyImage({
        image: `${destination.host}/${path}:v1`,
        keys: [PUBLIC],
        format: 'both',
      });
    }
  }, 240_000);

  async function countedWrites(): Promise<number> {
    destination.clearRequests();
    await copy('mirror/counted');
    return destination.requests.filter(({ method }) => method === 'PUT' || method === 'POST')
      .length;
  }

  it('adds to the signatures that the destination has', async () => {
    const path = 'mirror/merged';
    const copied = `${destination.host}/${path}:v1`;
    await copy(path);
    await signImage({ image: copied, key: { ref: 'env://OTHER' }, format: 'both' }, { host });
    const again = await signImage(
      { image, key: { ref: 'env://OTHER' }, format: 'legacy' },
      { host },
    );
    expect(again.signatures[0]?.made).toBeDefined();
    await copy(path);
    for (const each of [PUBLIC, OTHER])
      await verifyImage({ image: copied, keys: [each], format: 'both' });
  });
});

describe('a copy', () => {
  let registry: RunningRegistry;
  let image: string;
  beforeAll(async () => {
    registry = await startRegistry();
    image = `${registry.host}/app@${storeImage(registry, 'app')}`;
    await signImage({ image, key }, { host });
  });
  afterAll(() => registry.close());

  it('mounts blobs within one registry', async () => {
    registry.clearRequests();
    const result = await copyImage({ image, destination: `${registry.host}/other:v2` });
    expect(result).toMatchObject({ tag: 'v2', verified: false, blobs: { copied: 0 }, bytes: 0 });
    expect(result.blobs.mounted).toBeGreaterThan(1);
    expect(registry.requests.some(({ path }) => path.includes('/v2/app/blobs/sha256'))).toBe(false);
  });

  it('has no tag if neither reference has one', async () => {
    const result = await copyImage({ image, destination: `${registry.host}/untagged` });
    expect(result.tag).toBeUndefined();
    expect(registry.store.tags('untagged')?.has('latest') ?? false).toBe(false);
    await verifyImage({ image: result.reference, keys: [PUBLIC] });
  });

  it('is refused before anything is written if the image is not verified', async () => {
    registry.clearRequests();
    const args = { image, destination: `${registry.host}/refused`, keys: [OTHER] };
    await expect(copyImage(args)).rejects.toMatchObject({ code: 'VERIFY_SIGNER_MISMATCH' });
    expect(registry.requests.some(({ path }) => path.includes('refused'))).toBe(false);
  });

  it.each([
    ['keys', { keys: [] }],
    ['identities', { identities: [] }],
    ['require', { require: [] }],
    ['annotations', { annotations: {} }],
  ])('is refused with a policy that requires nothing: empty %s', async (_name, policy) => {
    registry.clearRequests();
    const args = { image, destination: `${registry.host}/empty`, ...policy };
    await expect(copyImage(args)).rejects.toThrow('keys: no signer is trusted');
    expect(registry.requests.some(({ path }) => path.includes('empty'))).toBe(false);
  });

  it('needs two valid references', async () => {
    const args = { image: 'a b', destination: `${registry.host}/x@sha256:${'a'.repeat(64)}` };
    const error = await copyImage(args).catch((each: unknown) => each);
    expect(error).toBeInstanceOf(InvalidInputError);
    expect((error as InvalidInputError).problems.map(({ property }) => property)).toEqual([
      'image',
      'destination',
    ]);
  });

  it('uses the credentials of each registry', async () => {
    const target = await startRegistry({
      settings: { auth: { kind: 'bearer', users: { robot: 'canary-robot-password' } } },
    });
    const client = (where: RunningRegistry, login: object) =>
      createRegistryClient({ dockerConfig: 'none', registry: { host: where.host, ...login } });
    const mine = client(registry, {});
    const theirs = client(target, { username: 'robot', password: 'canary-robot-password' });
    const anonymous = client(target, {});
    try {
      const args = { image, destination: `${target.host}/app:v1` };
      await copyImage(args, { client: mine, destinationClient: theirs });
      expect(target.store.tags('app')?.has('v1')).toBe(true);
      const refused = copyImage(args, { client: mine, destinationClient: anonymous });
      await expect(refused).rejects.toMatchObject({ code: 'REGISTRY_UNAUTHORIZED' });
    } finally {
      await Promise.all([mine.close(), theirs.close(), anonymous.close(), target.close()]);
    }
  });
});

describe('a large blob', () => {
  const SIZE = 40 * 1024 * 1024;
  const bytes = randomBytes(SIZE);
  let source: RunningRegistry;
  let destination: RunningRegistry;
  let image: string;
  beforeAll(async () => {
    source = await startRegistry();
    destination = await startRegistry();
    const config = Buffer.from('{}');
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: MANIFEST,
        config: {
          mediaType: 'application/vnd.oci.image.config.v1+json',
          digest: source.store.putBlob('large', config),
          size: config.length,
        },
        layers: [
          {
            mediaType: 'application/vnd.oci.image.layer.v1.tar',
            digest: source.store.putBlob('large', bytes),
            size: SIZE,
          },
        ],
      }),
    );
    const digest = source.store.putManifest('large', { mediaType: MANIFEST, bytes: manifest });
    image = `${source.host}/large@${digest}`;
  });
  afterAll(async () => {
    await source.close();
    await destination.close();
  });

  it('is copied in parts, and again from the start after an interruption', async () => {
    let patches = 0;
    destination.settings.faults = ({ method }) => {
      if (method !== 'PATCH') return undefined;
      patches += 1;
      return patches === 2 ? { status: 503 } : undefined;
    };
    const lines: string[] = [];
    const args = { image, destination: `${destination.host}/large` };
    const result = await copyImage(args, { progress: (line) => void lines.push(line) });
    destination.settings.faults = undefined;
    expect(result.bytes).toBe(SIZE + 2);
    expect(patches).toBe(2 + 3);
    expect(lines.some((line) => line.includes('starts again'))).toBe(true);
    expect(destination.store.getBlob('large', sha256(bytes))?.equals(bytes)).toBe(true);
    const sizes = source.requests.map(({ given }) => given);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(16 * 1024 * 1024);
  });

  it('with other content is not stored', async () => {
    let parts = 0;
    source.settings.faults = ({ method, headers }) => {
      if (method !== 'GET' || headers.range === undefined) return undefined;
      parts += 1;
      if (parts !== 2) return undefined;
      const part = Buffer.from(bytes.subarray(16 * 1024 * 1024, 32 * 1024 * 1024));
      part[0] = (part[0] ?? 0) ^ 1;
      const range = `bytes ${16 * 1024 * 1024}-${32 * 1024 * 1024 - 1}/${SIZE}`;
      return { status: 206, headers: { 'content-range': range }, body: part };
    };
    const args = { image, destination: `${destination.host}/falsified` };
    await expect(copyImage(args)).rejects.toMatchObject({ code: 'CONTENT_MISMATCH' });
    source.settings.faults = undefined;
    expect(destination.store.getBlob('falsified', sha256(bytes))).toBeUndefined();
    expect(contentOf(destination, 'falsified')).toEqual([]);
  });
});
