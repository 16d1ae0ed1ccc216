import { encodeStatement, signatureStatement, STATEMENT_PAYLOAD_TYPE } from '../../src/attest';
import { formatRepository, type Repository } from '../../src/oci';
import {
  createDsseBundleBuilder,
  type SettledSignature,
  type SigningMaterial,
  signImage,
} from '../../src/sign';
import { parseSimpleSigning, readLayers, writeBundle } from '../../src/storage';
import { createSignatureFinder, verifyImage } from '../../src/verify';
import {
  freshRepository,
  type Lab,
  newKey,
  openLab,
  policy,
  pushImage,
} from '../verify/support/lab';

let lab: Lab;
beforeAll(async () => {
  lab = await openLab();
});
afterAll(() => lab.close());

async function scene() {
  const repository = freshRepository(lab);
  const manifest = await pushImage(lab, repository);
  const key = newKey(lab);
  const targets = [{ manifest, annotations: {}, provenance: undefined }];
  const sign = (signedIdentity?: string): Promise<readonly SettledSignature[]> =>
    signImage(
      { repository, targets, format: 'both', signedIdentity, material: key.material },
      lab.client,
      undefined,
      { alreadySigned: createSignatureFinder({ transparency: 'none', trustedRoot: undefined }) },
    );
  const claimed = async () => {
    const { candidates } = await readLayers(lab.client, repository, manifest.digest, 'signature');
    return candidates.map(({ payload }) => parseSimpleSigning(payload!).reference);
  };
  return { repository, manifest, key, sign, claimed };
}

const madeBy = (signatures: readonly SettledSignature[]) =>
  signatures.filter(({ made }) => made).map(({ format }) => format);

describe('the signed identity of the legacy format', () => {
  test('is the repository by default, as with cosign', async () => {
    const { repository, sign, claimed } = await scene();
    await sign();
    expect(await claimed()).toEqual([formatRepository(repository)]);
  });

  test('is the declared reference, as it is written', async () => {
    const { sign, claimed, manifest, repository, key } = await scene();
    await sign('docker.io/acme/app:1.0');
    expect(await claimed()).toEqual(['docker.io/acme/app:1.0']);
    const wanted = policy({ keys: [key.publicKey], format: 'both', provenance: undefined });
    await expect(
      verifyImage(repository, manifest.digest, wanted, lab.client),
    ).resolves.toMatchObject({ verified: true });
  });

  test('is signed anew if it changes, in the legacy format alone, and then found again', async () => {
    const { repository, sign, claimed } = await scene();
    await sign();
    expect(madeBy(await sign('registry.example.com/app:1'))).toEqual(['legacy']);
    expect(madeBy(await sign('registry.example.com/app:2'))).toEqual(['legacy']);
    for (const identity of [undefined, 'registry.example.com/app:1', 'registry.example.com/app:2'])
      expect(madeBy(await sign(identity))).toEqual([]);
    expect(await claimed()).toEqual([
      formatRepository(repository),
      'registry.example.com/app:1',
      'registry.example.com/app:2',
    ]);
  });
});

describe('the name of the subject', () => {
  test('is the repository, as in statements of cosign attest and GitHub', () => {
    const repository: Repository = { registry: 'registry.example.com', path: 'team/app' };
    const digest = `sha256:${'a'.repeat(64)}` as never;
    expect(signatureStatement(repository, digest, { a: 'b' }).subject).toEqual([
      {
        name: 'registry.example.com/team/app',
        digest: { sha256: 'a'.repeat(64) },
        annotations: { a: 'b' },
      },
    ]);
  });

  async function signWithoutName(
    repository: Repository,
    subject: Awaited<ReturnType<typeof pushImage>>,
    { signer }: SigningMaterial,
  ): Promise<void> {
    const statement = signatureStatement(repository, subject.digest, {});
    const [{ name: _name, ...unnamed }] = statement.subject as [(typeof statement.subject)[0]];
    const bundle = await createDsseBundleBuilder({ signer, witnesses: [] }).create({
      data: encodeStatement({ ...statement, subject: [unnamed] }),
      type: STATEMENT_PAYLOAD_TYPE,
    });
    await writeBundle(lab.client, {
      repository,
      subject,
      bundle,
      predicateType: statement.predicateType,
      signedAt: new Date(),
    });
  }

  test('need not be there: a signature without it, as cosign makes, is not made again', async () => {
    const { repository, manifest, key, sign } = await scene();
    await signWithoutName(repository, manifest, key.material);
    expect(madeBy(await sign())).toEqual(['legacy']);
  });
});
