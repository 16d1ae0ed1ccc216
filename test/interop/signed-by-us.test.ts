import type { SignatureFormat } from '../../src/sign';
import { type PushedImage, pushIndex } from './support/images';
import { ANNOTATIONS, policyOf, signWithOurs, verifyWithOurs } from './support/ours';
import { type SignerKind, type TestSigner, testSigner } from './support/signers';
import { type Stack, startStack } from './support/stack';

/** Key and keyless in every format at both kinds of registry; further signers in each format. */
const MATRIX: readonly (readonly [SignerKind, SignatureFormat, boolean])[] = [
  ...(['key', 'keyless + log'] as const).flatMap((kind) =>
    (['bundle', 'legacy', 'both'] as const).flatMap((format) =>
      [true, false].map((referrersApi) => [kind, format, referrersApi] as const),
    ),
  ),
  ...(['key + log', 'RSA key + log', 'keyless + log + timestamp'] as const).flatMap((kind) =>
    (['bundle', 'legacy'] as const).map((format) => [kind, format, true] as const),
  ),
];

const BUNDLE = '--new-bundle-format=true';
const LEGACY = '--new-bundle-format=false';

/** The flags of cosign for each format; by default it verifies bundles, and legacy signatures if there are none. */
const LOOKS: Readonly<Record<SignatureFormat, readonly string[]>> = {
  bundle: [BUNDLE],
  legacy: [BUNDLE, LEGACY],
  both: [BUNDLE, LEGACY],
};

describe.each([true, false])('referrers API: %s', (referrersApi) => {
  let stack: Stack;
  const signers = new Map<SignerKind, TestSigner>();

  beforeAll(async () => {
    stack = await startStack({ referrersApi });
    const kinds = new Set(MATRIX.filter((row) => row[2] === referrersApi).map(([kind]) => kind));
    for (const kind of kinds) signers.set(kind, await testSigner(stack, kind));
  });
  afterAll(() => stack.close());

  const rows = MATRIX.filter((row) => row[2] === referrersApi);
  describe.each(rows)('%s, format %s', (kind, format) => {
    let image: PushedImage;
    let signer: TestSigner;

    beforeAll(async () => {
      signer = signers.get(kind)!;
      image = await pushIndex(stack.registry.host);
      await signWithOurs(image, signer, { format });
    });

    const annotations = Object.entries(ANNOTATIONS).flatMap(([k, v]) => ['-a', `${k}=${v}`]);
    const verify = (more: readonly string[], digest = image.digest) =>
      stack.cosign(['verify', ...more, `${image.repository}@${digest}`]);

    test.each(LOOKS[format])(
      'cosign verifies image, platforms and annotations, %s',
      async (look) => {
        for (const { digest } of [image, ...image.platforms]) {
          const run = await verify([...signer.cosign, look, ...annotations], digest);
          expect(run).toMatchObject({ code: 0 });
          expect(run.stdout).toContain(ANNOTATIONS.commit);
        }
      },
    );

    test.each(LOOKS[format])('cosign refuses another value of an annotation, %s', async (look) => {
      const run = await verify([...signer.cosign, look, '-a', 'commit=0123abce']);
      expect(run.code).not.toBe(0);
      expect(run.stderr).toMatch(/missing or incorrect annotation/);
    });

    test.each(LOOKS[format])('cosign refuses another signer, %s', async (look) => {
      const run = await verify([...signer.cosignOther, look]);
      expect(run.code).not.toBe(0);
      expect(run.stderr).toMatch(
        kind.startsWith('keyless')
          ? /expected SAN value|none of the expected identities matched/
          : /do(?:es)? not match|invalid signature|crypto\/rsa: verification error|comparing public key PEMs/,
      );
    });

    test.each(LOOKS[format])('cosign verifies the provenance, %s', async (look) => {
      const run = await stack.cosign([
        'verify-attestation',
        '--type',
        'slsaprovenance1',
        ...signer.cosign,
        look,
        image.reference,
      ]);
      expect(run).toMatchObject({ code: 0 });
      const { payload } = JSON.parse(run.stdout.trim().split('\n')[0]!) as { payload: string };
      expect(JSON.parse(Buffer.from(payload, 'base64').toString())).toMatchObject({
        subject: [{ digest: { sha256: image.digest.slice('sha256:'.length) } }],
        predicateType: 'https://slsa.dev/provenance/v1',
      });
    });

    test('we verify it in each of its formats', async () => {
      const { verified, imageRef } = await verifyWithOurs(
        image,
        policyOf(stack, signer, { format }),
      );
      expect(verified).toBe(true);
      expect(imageRef).toBe(image.reference);
    });
  });
});
