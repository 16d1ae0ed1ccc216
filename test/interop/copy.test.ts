import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { type DebianRegistry, startDebianRegistry } from '../../dev/builders/debian-registry';
import { attestImage, copyImage, signImage } from '../../src/core';
import { OWN_PREDICATE, OWN_TYPE } from '../attestations/support/predicates';
import { type PushedImage, pushIndex } from './support/images';
import { type TestSigner, testSigner } from './support/signers';
import { type Stack, startStack } from './support/stack';

const execute = promisify(execFile);

/** Two registries: the source has the referrers API, and Debian's, version 2.8, has not. */
let stack: Stack;
let debian: DebianRegistry;
let folder: string;
let signer: TestSigner;
let image: PushedImage;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'copy-'));
  stack = await startStack({ referrersApi: true });
  debian = await startDebianRegistry({ folder: join(folder, 'registry') });
  signer = await testSigner(stack, 'key');
  image = await pushIndex(stack.registry.host);
  const { config, host } = signer;
  await signImage({ image: image.reference, ...config, format: 'both' }, { host });
  const what = { image: image.reference, predicateType: OWN_TYPE, predicate: OWN_PREDICATE };
  await attestImage({ ...what, ...config, format: 'both' }, { host });
});
afterAll(async () => {
  await debian.stop();
  await stack.close();
  await rm(folder, { recursive: true, force: true });
});

const FORMATS = ['--new-bundle-format=true', '--new-bundle-format=false'];

async function verifiedByCosign(reference: string): Promise<void> {
  for (const format of FORMATS) {
    const run = await stack.cosign(['verify', ...signer.cosign, format, reference]);
    expect(run).toMatchObject({ code: 0 });
    const attested = ['verify-attestation', '--type', OWN_TYPE, ...signer.cosign, format];
    expect(await stack.cosign([...attested, reference])).toMatchObject({ code: 0 });
  }
}

test('cosign verifies at the destination what we copied, both formats, image and platforms', async () => {
  const destination = `${debian.host}/mirror/app:v1`;
  const result = await copyImage({ image: image.reference, destination });
  expect(result).toMatchObject({ digest: image.digest, verified: false });
  await verifiedByCosign(destination);
  for (const { digest } of image.platforms) {
    const platform = `${debian.host}/mirror/app@${digest}`;
    for (const format of FORMATS)
      expect(await stack.cosign(['verify', ...signer.cosign, format, platform])).toMatchObject({
        code: 0,
      });
  }
});

test('skopeo reads the copy, with the digest of the source', async () => {
  const destination = `${debian.host}/mirror/skopeo:v1`;
  await copyImage({ image: image.reference, destination });
  const args = ['inspect', '--tls-verify=false', `docker://${destination}`];
  const { stdout } = await execute('skopeo', args);
  expect(JSON.parse(stdout)).toMatchObject({ Digest: image.digest });
});

test('we copy what cosign copies', async () => {
  const ours = `${debian.host}/ours/app:v1`;
  const theirs = `${debian.host}/theirs/app:v1`;
  await copyImage({ image: image.reference, destination: ours });
  expect(await stack.cosign(['copy', image.reference, theirs])).toMatchObject({ code: 0 });
  const tagsOf = async (path: string): Promise<readonly string[]> => {
    const response = await fetch(`http://${debian.host}/v2/${path}/tags/list`);
    return ((await response.json()) as { readonly tags: readonly string[] }).tags;
  };
  // It also names each manifest of the image `sha256-<hex>`, which is the name of the list of referrers.
  const copied = (await tagsOf('theirs/app')).filter((tag) => !/^sha256-[0-9a-f]{64}$/.test(tag));
  expect(copied.length).toBeGreaterThan(4);
  expect(await tagsOf('ours/app')).toEqual(expect.arrayContaining([...copied]));
  for (const tag of copied) {
    const digests = await Promise.all(
      ['ours/app', 'theirs/app'].map(async (path) => {
        const accept =
          'application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json';
        const url = `http://${debian.host}/v2/${path}/manifests/${tag}`;
        const response = await fetch(url, { headers: { accept } });
        return response.headers.get('docker-content-digest');
      }),
    );
    expect(digests[0]).toBe(digests[1]);
  }
});

test('what cosign copied can be signed and copied on, although it names the image as its list of referrers', async () => {
  const theirs = `${debian.host}/theirs/list:v1`;
  expect(await stack.cosign(['copy', image.reference, theirs])).toMatchObject({ code: 0 });
  const { config, host } = signer;
  const signed = await signImage({ image: theirs, ...config, format: 'both' }, { host });
  // cosign copied no bundles, and the payload of the legacy signatures names another repository.
  expect(signed.signatures.every(({ made }) => made)).toBe(true);
  const destination = `${debian.host}/mirror/list:v1`;
  const { referrers, legacyTags } = await copyImage({ image: theirs, destination });
  expect(referrers).toHaveLength(3);
  expect(legacyTags).toHaveLength(4);
  for (const format of FORMATS)
    expect(await stack.cosign(['verify', ...signer.cosign, format, destination])).toMatchObject({
      code: 0,
    });
});

test('a copy of the copy, to a registry with the API, is verified, too', async () => {
  const first = `${debian.host}/mirror/back:v1`;
  await copyImage({ image: image.reference, destination: first });
  const second = `${stack.registry.host}/returned/app:v1`;
  await copyImage({ image: first, destination: second });
  await verifiedByCosign(second);
});
