import { createCertificateCache, createTokenCache, type SignatureFormat } from '../../src/sign';
import { type PushedImage, pushImage, pushIndex } from './support/images';
import { ANNOTATIONS, policyOf, signWithOurs, verifyWithOurs } from './support/ours';
import { type TestSigner, testSigner } from './support/signers';
import { type Stack, startStack } from './support/stack';

const KINDS = ['keyless + log', 'keyless + log + timestamp'] as const;

/** Images of one run, signed at the same time and one after the other (docs/explanation/adr/0008). */
describe.each(KINDS)('images that are signed with one certificate (%s)', (kind) => {
  let stack: Stack;
  let signer: TestSigner;
  const images: PushedImage[] = [];

  beforeAll(async () => {
    stack = await startStack({ referrersApi: true });
    const { host, ...rest } = await testSigner(stack, kind);
    const run = { tokens: createTokenCache(), certificates: createCertificateCache() };
    signer = { ...rest, host: { ...host, ...run } };
    const { host: registry } = stack.registry;
    images.push(await pushImage(registry), await pushIndex(registry), await pushImage(registry));
    const format: SignatureFormat = 'both';
    const [first, second, last] = images as [PushedImage, PushedImage, PushedImage];
    await Promise.all([first, second].map((image) => signWithOurs(image, signer, { format })));
    await signWithOurs(last, signer, { format });
  });
  afterAll(() => stack.close());

  const asked = (service: string): number =>
    stack.sigstore.requests.filter((request) => request.service === service).length;

  test('have one certificate, and each signature has its own entry', () => {
    expect(asked('fulcio')).toBe(1);
    // Two single images and an index of two platforms: five manifests, signed in two formats. How
    // many entries their provenances share is not asserted here.
    expect(stack.sigstore.log.entries.length).toBeGreaterThanOrEqual(15);
    expect(asked('rekor')).toBe(stack.sigstore.log.entries.length);
  });

  test.each(['--new-bundle-format=true', '--new-bundle-format=false'])(
    'cosign verifies each of them, %s',
    async (look) => {
      const annotations = Object.entries(ANNOTATIONS).flatMap(([k, v]) => ['-a', `${k}=${v}`]);
      for (const { repository, digest, reference } of images) {
        const image = `${repository}@${digest}`;
        const run = await stack.cosign(['verify', ...signer.cosign, look, ...annotations, image]);
        expect(run).toMatchObject({ code: 0 });
        const type = ['--type', 'slsaprovenance1'];
        const attestation = ['verify-attestation', ...type, ...signer.cosign, look, reference];
        expect(await stack.cosign(attestation)).toMatchObject({ code: 0 });
        const other = await stack.cosign(['verify', ...signer.cosignOther, look, image]);
        expect(other.code).not.toBe(0);
      }
    },
  );

  test('we verify each of them', async () => {
    for (const image of images) {
      const { verified } = await verifyWithOurs(image, policyOf(stack, signer, { format: 'both' }));
      expect(verified).toBe(true);
    }
  });
});
