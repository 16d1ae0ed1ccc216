import { type RunningRegistry, startRegistry } from '../../dev/registry';
import { checkImageResult, type ExpectedImage } from '../../src/build';
import {
  createRegistryClient,
  DOCKER_LIST,
  DOCKER_MANIFEST,
  OCI_INDEX,
  parseDigest,
  type RegistryClient,
} from '../../src/oci';

/** What a registry holds under the digest that a builder reported, against what was declared. */

let registry: RunningRegistry;
let client: RegistryClient;
beforeAll(async () => {
  registry = await startRegistry();
  client = createRegistryClient({ dockerConfig: 'none' });
});
afterAll(async () => {
  await client.close();
  await registry.close();
});

const PATH = 'team/app';
const CONFIG = 'application/vnd.docker.container.image.v1+json';

interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

function putJson(value: unknown, mediaType: string): { digest: string; size: number } {
  const bytes = Buffer.from(JSON.stringify(value));
  return { digest: registry.store.putManifest(PATH, { mediaType, bytes }), size: bytes.length };
}

/** Stores an image of this platform. */
function image(platform: string, labels: object | null = { team: 'a' }, further: object = {}) {
  const [os = '', architecture = '', variant] = platform.split('/');
  const bytes = Buffer.from(
    JSON.stringify({
      os,
      architecture,
      ...(variant && { variant }),
      created: '2026-01-01T00:00:00Z',
      config: { Labels: labels },
      ...further,
    }),
  );
  const config = {
    mediaType: CONFIG,
    digest: registry.store.putBlob(PATH, bytes),
    size: bytes.length,
  };
  const manifest = { schemaVersion: 2, mediaType: DOCKER_MANIFEST, config, layers: [] };
  const listed: Platform = { os, architecture, ...(variant && { variant }) };
  return {
    mediaType: DOCKER_MANIFEST,
    ...putJson(manifest, DOCKER_MANIFEST),
    platform: listed,
    config,
  };
}

function index(members: readonly object[], mediaType = DOCKER_LIST): string {
  const manifests = members.map((member) =>
    Object.fromEntries(Object.entries(member).filter(([name]) => name !== 'config')),
  );
  return putJson({ schemaVersion: 2, mediaType, manifests }, mediaType).digest;
}

/** BuildKit's manifest of an SBOM or a provenance. */
const attestation = (subject = '') => ({
  ...image('unknown/unknown', null),
  annotations: {
    'vnd.docker.reference.type': 'attestation-manifest',
    'vnd.docker.reference.digest': subject,
  },
});

function check(digest: string, expected: Partial<ExpectedImage> = {}): Promise<void> {
  const repository = { registry: registry.host, path: PATH } as Parameters<
    typeof checkImageResult
  >[1];
  return checkImageResult(client, repository, parseDigest(digest), {
    platforms: [],
    labels: {},
    attestations: 'refused',
    ...expected,
  });
}

const TWO = ['linux/amd64', 'linux/arm64'];

describe('an image that is what was declared', () => {
  test.each<[string, () => string, Partial<ExpectedImage>]>([
    ['one platform that was not declared', () => image('linux/s390x').digest, {}],
    ['the declared platform', () => image('linux/arm64').digest, { platforms: ['linux/arm64'] }],
    ['the default variant', () => image('linux/arm64/v8').digest, { platforms: ['linux/arm64'] }],
    ['an alias', () => image('linux/amd64').digest, { platforms: ['linux/x86_64'] }],
    [
      'labels',
      () => image('linux/amd64', { team: 'a', b: '' }).digest,
      { labels: { team: 'a', b: '' } },
    ],
    [
      'an index, in any order',
      () => index([image('linux/arm64/v8'), image('linux/amd64')]),
      { platforms: TWO, labels: { team: 'a' } },
    ],
    [
      'an index without platforms',
      () => index([{ ...image('linux/arm64'), platform: undefined }]),
      {},
    ],
    [
      'an OCI index of one',
      () => index([image('linux/amd64')], OCI_INDEX),
      { platforms: ['linux/amd64'] },
    ],
    [
      'a requested attestation',
      () => index([image('linux/amd64'), attestation()], OCI_INDEX),
      { attestations: 'allowed', platforms: ['linux/amd64'] },
    ],
    [
      'a required attestation',
      () => index([image('linux/amd64'), attestation(image('linux/amd64').digest)], OCI_INDEX),
      { attestations: 'required', platforms: ['linux/amd64'] },
    ],
    [
      'two variants of one architecture',
      () => index([image('linux/arm/v6'), image('linux/arm/v7')]),
      { platforms: ['linux/arm/v7', 'linux/arm/v6'] },
    ],
  ])('%s', async (_name, stored, expected) => {
    await expect(check(stored(), expected)).resolves.toBeUndefined();
  });

  test('the id of its config, of its manifest or of its index is an id of the build', async () => {
    const amd64 = image('linux/amd64');
    const list = index([amd64]);
    for (const id of [amd64.config.digest, amd64.digest, list]) {
      await expect(check(list, { imageIds: ['other', id] })).resolves.toBeUndefined();
    }
  });
});

describe('a mismatch', () => {
  const absent = `sha256:${'0'.repeat(64)}`;
  test.each<[string, () => string, Partial<ExpectedImage>, string, string]>([
    [
      'another architecture',
      () => image('linux/amd64').digest,
      { platforms: ['linux/arm64'] },
      'build.platforms',
      'its config is for linux/amd64, and linux/arm64 was declared',
    ],
    [
      'another system',
      () => image('windows/amd64').digest,
      { platforms: ['linux/amd64'] },
      'build.platforms',
      'windows/amd64',
    ],
    [
      'a config without a variant, which is the default one',
      () => image('linux/arm').digest,
      { platforms: ['linux/arm/v6'] },
      'build.platforms',
      'its config is for linux/arm, and linux/arm/v6 was declared',
    ],
    [
      'another variant',
      () => image('linux/arm/v6').digest,
      { platforms: ['linux/arm/v7'] },
      'build.platforms',
      'linux/arm/v6',
    ],
    [
      'an image instead of an index',
      () => image('linux/amd64').digest,
      { platforms: TWO },
      'build.platforms',
      'is one image',
    ],
    [
      'a missing platform',
      () => index([image('linux/arm64')]),
      { platforms: TWO },
      'build.platforms',
      'lists linux/arm64, and',
    ],
    [
      'a further platform',
      () => index([image('linux/amd64'), image('linux/arm64')]),
      { platforms: ['linux/amd64'] },
      'build.platforms',
      'lists linux/amd64, linux/arm64',
    ],
    [
      'a further platform that nobody declared',
      () => index([image('linux/amd64'), image('linux/arm64')]),
      {},
      'build.platforms',
      'one platform was declared',
    ],
    [
      'one platform twice',
      () => index([image('linux/amd64'), image('linux/amd64', { b: 'c' })]),
      { platforms: TWO },
      'build.platforms',
      'linux/arm64 was declared',
    ],
    ['an empty index', () => index([]), {}, 'build.platforms', 'lists no image'],
    [
      'an index in an index',
      () => index([{ mediaType: DOCKER_LIST, digest: index([image('linux/amd64')]), size: 1 }]),
      {},
      'build.platforms',
      'another index',
    ],
    [
      'a config for another platform than the index lists',
      () =>
        index([
          { ...image('linux/amd64', { x: '1' }), platform: { os: 'linux', architecture: 'arm64' } },
          image('linux/arm64', { x: '2' }),
        ]),
      { platforms: TWO },
      'build.platforms',
      'for linux/arm64, and its config is for linux/amd64',
    ],
    [
      'an attestation that was not requested',
      () => index([image('linux/amd64'), attestation()]),
      {},
      'build.builder',
      'attestation',
    ],
    [
      'a required attestation, and one image',
      () => image('linux/amd64').digest,
      { attestations: 'required' },
      'build.sbom',
      'no attestation of sha256:',
    ],
    [
      'a required attestation of another image',
      () => index([image('linux/amd64'), attestation(image('linux/arm64').digest)]),
      { attestations: 'required' },
      'build.sbom',
      'no attestation of sha256:',
    ],
    [
      'attestations only',
      () => index([attestation()]),
      { attestations: 'allowed' },
      'build.platforms',
      'lists no image',
    ],
    [
      'a missing label',
      () => image('linux/amd64', null).digest,
      { labels: { team: 'a' } },
      'build.labels',
      'the label team of sha256:',
    ],
    [
      'another value of a label',
      () => image('linux/amd64', { team: 'b' }).digest,
      { labels: { team: 'a' } },
      'build.labels',
      'has another value',
    ],
    [
      'a label that one of two platforms lacks',
      () => index([image('linux/amd64'), image('linux/arm64', {})]),
      { platforms: TWO, labels: { team: 'a' } },
      'build.labels',
      'is missing',
    ],
    [
      'an inherited member as a label',
      () => image('linux/amd64', {}).digest,
      { labels: { toString: 'a' } },
      'build.labels',
      'is missing',
    ],
    [
      'the image of another build',
      () => image('linux/amd64').digest,
      { imageIds: [absent] },
      'image',
      'was not created by this build',
    ],
    ['no manifest', () => absent, {}, 'build.builder', `does not have the manifest ${absent}`],
    [
      'a listed manifest that is absent',
      () => index([{ ...image('linux/amd64'), digest: absent }]),
      {},
      'build.builder',
      `does not have the manifest ${absent}`,
    ],
    [
      'no config',
      () => {
        const { digest, config } = image('linux/amd64', { only: 'here' });
        registry.store.deleteBlob(PATH, config.digest);
        return digest;
      },
      {},
      'build.builder',
      'does not have the config',
    ],
    [
      'a config that is not one',
      () => image('linux/amd64', {}, { os: 1 }).digest,
      {},
      'build.builder',
      'is not the config of an image',
    ],
    [
      'a config whose variant is not text',
      () => image('linux/amd64', {}, { variant: {} }).digest,
      {},
      'build.builder',
      'is not the config of an image',
    ],
  ])('%s', async (_name, stored, expected, property, message) => {
    await expect(check(stored(), expected)).rejects.toMatchObject({
      code: 'BUILD_RESULT_MISMATCH',
      property,
      message: expect.stringContaining(message) as string,
    });
  });
});

test('a registry that cannot be read is not a mismatch', async () => {
  const { digest } = image('linux/amd64', { read: 'never' });
  registry.settings.faults = () => ({ status: 403, headers: {}, body: Buffer.alloc(0) });
  await expect(check(digest)).rejects.toMatchObject({ code: 'REGISTRY_FORBIDDEN' });
  registry.settings.faults = undefined;
});
