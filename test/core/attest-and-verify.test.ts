import { generateKeyPairSync } from 'node:crypto';

import { storeImage } from '../../dev/load/image';
import { type RunningRegistry, startRegistry } from '../../dev/registry';
import {
  attestImage,
  type AttestImageArgs,
  imageTree,
  InvalidInputError,
  inspectSignatures,
  SignedImageError,
  signImage,
  verifyImage,
} from '../../src/core';
import { processHost } from '../../src/host/host';
import { OWN_PREDICATE, OWN_TYPE, PREDICATES, SPDX_TEXT } from '../attestations/support/predicates';

function pemPair(): { readonly key: string; readonly publicKey: string } {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: pair.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}

const ours = pemPair();
const other = pemPair();
const host = { ...processHost(), env: { KEY: ours.key, OTHER: other.key } };

describe.each([true, false])('referrers API: %s', (referrersApi) => {
  let registry: RunningRegistry;
  let images = 0;
  const newImage = (): string => {
    images += 1;
    return `${registry.host}/app-${images}@${storeImage(registry, `app-${images}`)}`;
  };

  beforeAll(async () => {
    registry = await startRegistry({ settings: { referrersApi } });
  });
  afterAll(() => registry.close());

  const attest = (image: string, change: Partial<AttestImageArgs> = {}) =>
    attestImage(
      {
        image,
        key: { ref: 'env://KEY' },
        predicateType: OWN_TYPE,
        predicate: OWN_PREDICATE,
        ...change,
      },
      { host },
    );
  const made = (result: Awaited<ReturnType<typeof attest>>) =>
    result.attestations.map((each) => each.made);

  it.each(['bundle', 'legacy', 'both'] as const)(
    'attests once, and again for another predicate, type or signer: %s',
    async (format) => {
      const image = newImage();
      const count = format === 'both' ? 2 : 1;
      const all = (value: boolean) => Array.from({ length: count }, () => value);
      expect(await attest(image, { format })).toMatchObject({
        reference: image,
        predicateType: OWN_TYPE,
        signer: { kind: 'key' },
      });
      expect(made(await attest(image, { format }))).toEqual(all(false));
      // The members in another order are the same predicate.
      const reordered = { approved: true, reviewers: ['a', 'b'] };
      expect(made(await attest(image, { format, predicate: reordered }))).toEqual(all(false));
      expect(made(await attest(image, { format, predicate: { approved: false } }))).toEqual(
        all(true),
      );
      const cyclonedx = { predicateType: 'cyclonedx', predicate: PREDICATES.cyclonedx };
      expect(made(await attest(image, { format, ...cyclonedx }))).toEqual(all(true));
      expect(made(await attest(image, { format, key: { ref: 'env://OTHER' } }))).toEqual(all(true));
      const tree = await imageTree({ image });
      expect(tree.manifests[0]?.signatures).toHaveLength(4 * count);
    },
  );

  it('completes the other format with the same envelope', async () => {
    const image = newImage();
    await attest(image, { format: 'bundle' });
    expect(made(await attest(image, { format: 'both' }))).toEqual([false, true]);
    const args = { image, keys: [ours.publicKey], predicateType: OWN_TYPE };
    expect(await verifyImage({ ...args, format: 'both' })).toMatchObject({ verified: true });
  });

  it('verifies an attestation by type and signer, and no signature in its place', async () => {
    const image = newImage();
    await signImage({ image, key: { ref: 'env://KEY' } }, { host });
    const args = { image, keys: [ours.publicKey], predicateType: OWN_TYPE };
    await expect(verifyImage(args)).rejects.toMatchObject({
      code: 'VERIFY_UNSIGNED',
      message: expect.stringContaining('no attestation of the required predicate type') as string,
    });
    await attest(image);
    expect(await verifyImage(args)).toMatchObject({
      imageRef: image,
      signer: { kind: 'key' },
      attestation: { predicateType: OWN_TYPE, predicate: JSON.parse(OWN_PREDICATE) as unknown },
    });
    await expect(verifyImage({ ...args, predicateType: 'vuln' })).rejects.toMatchObject({
      code: 'VERIFY_UNSIGNED',
    });
    await expect(verifyImage({ ...args, keys: [other.publicKey] })).rejects.toMatchObject({
      code: 'VERIFY_SIGNER_MISMATCH',
    });
    await expect(verifyImage({ ...args, format: 'legacy' })).rejects.toMatchObject({
      code: 'VERIFY_UNSIGNED',
    });
  });

  it('does not take an attestation for a signature, nor one of another image', async () => {
    const [image, unsigned] = [newImage(), newImage()];
    await attest(image);
    await expect(verifyImage({ image, keys: [ours.publicKey] })).rejects.toMatchObject({
      code: 'VERIFY_UNSIGNED',
    });
    const args = { image: unsigned, keys: [ours.publicKey], predicateType: OWN_TYPE };
    expect(await inspectSignatures(args)).toMatchObject({ verified: false });
  });

  it('verifies provenance that a signing run stored, by its type', async () => {
    const image = newImage();
    const predicateType = 'slsaprovenance1';
    await attest(image, { predicateType, predicate: PREDICATES[predicateType] });
    const args = { image, keys: [ours.publicKey] };
    expect(await verifyImage({ ...args, predicateType })).toMatchObject({ verified: true });
  });
});

describe('inputs of an attestation', () => {
  let registry: RunningRegistry;
  let image: string;
  beforeAll(async () => {
    registry = await startRegistry();
    image = `${registry.host}/app@${storeImage(registry, 'app')}`;
  });
  afterAll(() => registry.close());

  async function problems(work: Promise<unknown>): Promise<readonly string[]> {
    const error = await work.catch((each: unknown) => each);
    if (!(error instanceof InvalidInputError)) throw error;
    return error.problems.map(({ property }) => property);
  }

  it('are checked together, before anything is requested', async () => {
    const args = {
      image,
      predicateType: 'sbom',
      predicate: '[]',
      format: 'none' as 'bundle',
      transparency: 'public' as const,
      key: { ref: 'env://KEY' },
      keyless: {},
    };
    const before = registry.requests.length;
    expect(await problems(attestImage(args, { host }))).toEqual(
      expect.arrayContaining(['format', 'predicateType', 'predicate', 'key']) as string[],
    );
    expect(registry.requests).toHaveLength(before);
  });

  it('are refused for an SPDX text in a bundle', async () => {
    const args = { image, predicateType: 'spdx', predicate: SPDX_TEXT, key: { ref: 'env://KEY' } };
    expect(await problems(attestImage(args, { host }))).toEqual(['predicate']);
    const stored = await attestImage({ ...args, format: 'legacy' }, { host });
    expect(stored.attestations).toMatchObject([{ format: 'legacy', made: true }]);
  });

  it('are those of an attestation, not of a signature, in a verification', async () => {
    const args = {
      image,
      keys: [ours.publicKey],
      predicateType: 'x',
      annotations: { a: 'b' },
      provenance: {},
    };
    expect(await problems(verifyImage(args))).toEqual([
      'predicateType',
      'annotations',
      'provenance',
    ]);
  });

  it('are an image that exists', async () => {
    const missing = { image: `${registry.host}/none:1`, key: { ref: 'env://KEY' } };
    const work = attestImage({ ...missing, predicateType: 'custom', predicate: 'x' }, { host });
    await expect(work).rejects.toBeInstanceOf(SignedImageError);
    await expect(work).rejects.toMatchObject({ code: 'REGISTRY_NOT_FOUND' });
  });
});
