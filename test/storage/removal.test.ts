import { digestOf, type Descriptor, formatRepository, type Repository } from '../../src/oci';
import {
  encodeSimpleSigning,
  legacyTag,
  removeSignature,
  type SignatureToRemove,
  writeLayer,
} from '../../src/storage';
import { signImage, type StoredSignature } from '../../src/sign';
import {
  freshRepository,
  type Lab,
  newKey,
  openLab,
  pushImage,
  target,
} from '../verify/support/lab';
import { manifestAt } from '../verify/support/stored';

let lab: Lab;
let repository: Repository;
let image: Descriptor;
beforeAll(async () => {
  lab = await openLab();
});
afterAll(() => lab.close());
beforeEach(async () => {
  Object.assign(lab.registry.settings, {
    referrersApi: true,
    immutableTags: false,
    deleteDisabled: false,
    faults: undefined,
  });
  repository = freshRepository(lab);
  image = await pushImage(lab, repository);
});

const SIGNATURE = 'dev.cosignproject.cosign/signature';
const tag = (): string => legacyTag(image.digest, 'signature');

/** A layer with the same payload for every signer, as cosign's is. */
const layerBy = async (name: string): Promise<SignatureToRemove> => {
  const signature = Buffer.from(name).toString('base64');
  const stored = await writeLayer(lab.client, {
    repository,
    subject: image.digest,
    purpose: 'signature',
    blob: encodeSimpleSigning(formatRepository(repository), image.digest, {}),
    annotations: { [SIGNATURE]: signature },
  });
  return { subject: image.digest, purpose: 'signature', format: 'legacy', stored, signature };
};
const signersThere = (): readonly string[] =>
  manifestAt(lab, repository, tag()).layers.map(({ annotations }) =>
    Buffer.from(annotations?.[SIGNATURE] ?? '', 'base64').toString(),
  );
const isThere = (reference: string): boolean =>
  lab.registry.store.getManifest(repository.path, reference) !== undefined;

describe('a layer of a legacy tag', () => {
  it('is taken out by its signature: others have signed the very same payload', async () => {
    const ours = await layerBy('ours');
    await layerBy('theirs');
    expect(await removeSignature(lab.client, repository, ours)).toEqual({ outcome: 'removed' });
    expect(signersThere()).toEqual(['theirs']);
    const { bytes } = lab.registry.store.getManifest(repository.path, tag()) ?? {};
    const { config, layers } = JSON.parse(String(bytes)) as {
      readonly config: { readonly digest: string };
      readonly layers: readonly { readonly digest: string }[];
    };
    const blob = lab.registry.store.getBlob(repository.path, config.digest);
    expect(JSON.parse(String(blob))).toMatchObject({
      rootfs: { diff_ids: layers.map(({ digest }) => digest) },
    });
    expect(await removeSignature(lab.client, repository, ours)).toEqual({ outcome: 'absent' });
  });

  it('takes its tag along if it was the last one', async () => {
    const ours = await layerBy('ours');
    expect(await removeSignature(lab.client, repository, ours)).toEqual({ outcome: 'removed' });
    expect(isThere(tag())).toBe(false);
    expect(isThere(image.digest)).toBe(true);
    expect(await removeSignature(lab.client, repository, ours)).toEqual({ outcome: 'absent' });
  });

  it('stays where tags are immutable and others are in it', async () => {
    const ours = await layerBy('ours');
    await layerBy('theirs');
    lab.registry.settings.immutableTags = true;
    const removal = await removeSignature(lab.client, repository, ours);
    expect(removal).toMatchObject({ outcome: 'kept', reason: expect.stringContaining(tag()) });
    expect(signersThere()).toEqual(['ours', 'theirs']);
  });

  it('stays where nothing is deleted', async () => {
    const ours = await layerBy('ours');
    lab.registry.settings.deleteDisabled = true;
    expect(await removeSignature(lab.client, repository, ours)).toEqual({ outcome: 'unsupported' });
    expect(signersThere()).toEqual(['ours']);
  });
});

describe('a bundle', () => {
  const signed = async (): Promise<StoredSignature> => {
    const { material } = newKey(lab);
    const targets = [target(repository, image)];
    const [signature] = await signImage(
      { repository, targets, format: 'bundle', material },
      lab.client,
    );
    if (!signature) throw new Error('it was signed');
    return signature;
  };

  it('is taken away, and another signature is not', async () => {
    const [ours, theirs] = [await signed(), await signed()];
    expect(await removeSignature(lab.client, repository, ours)).toEqual({ outcome: 'removed' });
    expect([isThere(ours.stored), isThere(theirs.stored)]).toEqual([false, true]);
    expect(await removeSignature(lab.client, repository, ours)).toEqual({ outcome: 'absent' });
  });

  it('stays if another manifest refers to it', async () => {
    const ours = await signed();
    const { bytes, mediaType } = lab.registry.store.getManifest(repository.path, ours.stored) ?? {};
    if (!bytes || !mediaType) throw new Error('it is stored');
    const subject = { mediaType, digest: ours.stored, size: bytes.length };
    const about = Buffer.from(
      JSON.stringify({ ...(JSON.parse(String(bytes)) as object), subject }),
    );
    lab.registry.store.putManifest(repository.path, { mediaType, bytes: about });
    expect(await removeSignature(lab.client, repository, ours)).toMatchObject({
      outcome: 'kept',
      reason: expect.stringContaining(digestOf(about)),
    });
    expect(isThere(ours.stored)).toBe(true);
  });
});
