import { generateKeyPairSync } from 'node:crypto';

import { storeImage } from '../../dev/load/image';
import { type RunningRegistry, startRegistry } from '../../dev/registry';
import {
  imageTree,
  InvalidInputError,
  inspectSignatures,
  SignedImageError,
  signImage,
  verifyImage,
} from '../../src/core';
import { processHost } from '../../src/host/host';

function pemPair(): { readonly key: string; readonly publicKey: string } {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: pair.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}

let registry: RunningRegistry;
let image: string;
const ours = pemPair();
const other = pemPair();
const host = { ...processHost(), env: { KEY: ours.key, OTHER: other.key } };

beforeAll(async () => {
  registry = await startRegistry();
  image = `${registry.host}/app@${storeImage(registry, 'app')}`;
});
afterAll(() => registry.close());

const sign = (ref: string) =>
  signImage({ image, key: { ref }, annotations: { stage: 'prod', commit: 'abc' } }, { host });

describe('the core library', () => {
  it('signs an image once, and verifies it', async () => {
    expect(await sign('env://KEY')).toMatchObject({
      reference: image,
      signer: { kind: 'key' },
      signatures: [{ format: 'bundle', made: true }],
    });
    expect((await sign('env://KEY')).signatures).toMatchObject([{ made: false }]);
    const report = await verifyImage({
      image,
      keys: [ours.publicKey],
      annotations: { stage: 'prod' },
    });
    expect(report).toMatchObject({ verified: true, imageRef: image });
    expect(report.annotations).toEqual({ stage: 'prod', commit: 'abc' });
  });

  it('resolves a tag', async () => {
    const tagged = `${registry.host}/app:v1`;
    expect(await verifyImage({ image: tagged, keys: [ours.publicKey] })).toMatchObject({
      imageRef: image,
    });
  });

  it('throws for another signer, and reports it without an exception', async () => {
    const args = { image, keys: [other.publicKey] };
    const refused = await verifyImage(args).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(SignedImageError);
    expect((refused as SignedImageError).code).toMatch(/^VERIFY_/);
    const found = await inspectSignatures(args);
    expect(found).toMatchObject({ verified: false, reference: image });
    expect(found.unmet[0]).toContain('[VERIFY_');
  });

  it('lists what is stored', async () => {
    await sign('env://OTHER');
    const tree = await imageTree({ image });
    expect(tree.manifests).toHaveLength(1);
    expect(tree.manifests[0]?.signatures).toHaveLength(2);
    expect(tree.manifests[0]?.artifacts).toEqual([]);
  });

  it('reports all problems of its inputs at once, on their properties', async () => {
    const failure = await signImage({
      image,
      key: { ref: 'env://KEY' },
      annotations: { 'a=b': '1', '': '2' },
      format: 'zip' as never,
    }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(InvalidInputError);
    expect((failure as InvalidInputError).problems.map(({ property }) => property)).toEqual([
      'annotations["a=b"]',
      'annotations[""]',
      'format',
    ]);
    await expect(verifyImage({ image, keys: [], transparency: 'none' })).rejects.toMatchObject({
      problems: [{ property: 'keys' }],
    });
  });

  it('reports a signed identity that is not a reference, or that the format does not store', async () => {
    const failureOf = (more: object) =>
      signImage({ image, key: { ref: 'env://KEY' }, ...more }).catch((error: unknown) => error);
    expect(await failureOf({ format: 'both', signedIdentity: 'Upper/case' })).toMatchObject({
      problems: [{ property: 'signedIdentity', code: 'REFERENCE_INVALID' }],
    });
    expect(await failureOf({ signedIdentity: 'registry.example.com/app:v1' })).toMatchObject({
      problems: [{ property: 'signedIdentity', code: 'INPUT_INVALID' }],
    });
  });

  it('names the image that does not exist', async () => {
    const missing = `${registry.host}/app:absent`;
    await expect(imageTree({ image: missing })).rejects.toMatchObject({
      code: 'REGISTRY_NOT_FOUND',
      message: expect.stringContaining('absent') as string,
    });
  });
});
