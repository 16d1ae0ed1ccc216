import { policyControllerPolicy, type SignerPolicyArgs } from '../../../src/enforce/admission';
import type { SignatureFormat } from '../../../src/sign';
import { type PushedImage, pushImage } from '../../interop/support/images';
import { BUILDER, signWithOurs } from '../../interop/support/ours';
import { IDENTITY, type TestSigner, testSigner } from '../../interop/support/signers';
import { type Stack, startStack } from '../../interop/support/stack';
import { publicPem } from '../admission/support/policies';
import { type Decision, evaluate } from '../support/policy-tester';

/** Includes the output, so that a failed assertion shows the reason. */
const ADMITTED = { admitted: true, output: expect.stringContaining('admitted') };

describe('the engine of policy-controller', () => {
  let stack: Stack;
  let byKey: TestSigner;
  let byIdentity: TestSigner;
  let unsigned: PushedImage;

  const signed = async (signer: TestSigner, format: SignatureFormat, provenance = true) => {
    const image = await pushImage(stack.registry.host);
    await signWithOurs(image, signer, { format, provenance });
    return image;
  };

  const decisionFor = (
    image: PushedImage,
    change: Partial<SignerPolicyArgs>,
  ): Promise<Decision> => {
    const { manifests } = policyControllerPolicy({
      name: 'acme',
      images: [`${stack.registry.host}/interop/*`],
      ...change,
    });
    return evaluate(manifests, image.reference, stack.folder);
  };

  beforeAll(async () => {
    stack = await startStack({ referrersApi: true });
    [byKey, byIdentity, unsigned] = [
      await testSigner(stack, 'key'),
      await testSigner(stack, 'keyless + log'),
      await pushImage(stack.registry.host),
    ];
  }, 120_000);
  afterAll(() => stack.close());

  const key = () => ({ keys: byKey.keys.map(({ pem }) => pem), format: 'legacy' });
  const identity = () => ({
    identities: [{ identity: IDENTITY, issuer: stack.sigstore.issuer.url }],
    trustedRoot: JSON.stringify(stack.sigstore.trustedRoot),
  });
  const builder = (builderId: string) => ({ provenance: { builderId } });

  describe.each(['legacy', 'both'] as const)('an image that a key signed, format %s', (format) => {
    let image: PushedImage;
    beforeAll(async () => {
      image = await signed(byKey, format);
    });

    test('is admitted, with the required provenance', async () => {
      const decision = await decisionFor(image, { ...key(), format, ...builder(BUILDER) });
      expect(decision).toMatchObject(ADMITTED);
    });

    test('is admitted by any of several keys', async () => {
      const keys = [publicPem(), ...key().keys];
      expect(await decisionFor(image, { keys, format })).toMatchObject(ADMITTED);
    });

    test('is refused by another key', async () => {
      expect(await decisionFor(image, { keys: [publicPem()], format })).toMatchObject({
        admitted: false,
        output: expect.stringContaining('no matching signatures'),
      });
    });

    test('is refused with another builder', async () => {
      expect(
        await decisionFor(image, { ...key(), format, ...builder('https://x.example') }),
      ).toMatchObject({ admitted: false, output: expect.stringContaining('not compliant') });
    });
  });

  describe('an image that an identity signed in a bundle', () => {
    let image: PushedImage;
    beforeAll(async () => {
      image = await signed(byIdentity, 'bundle');
    });

    test('is admitted, with the required provenance', async () => {
      expect(await decisionFor(image, { ...identity(), ...builder(BUILDER) })).toMatchObject(
        ADMITTED,
      );
    });

    test.each([
      ['another identity', { identity: 'https://ci.example.com/someone/else' }],
      ['another issuer', { issuer: 'https://issuer.example.com' }],
    ])('is refused for %s', async (_what, change) => {
      const [trusted] = identity().identities;
      const decision = await decisionFor(image, {
        ...identity(),
        identities: [{ ...trusted, ...change }],
      });
      expect(decision).toMatchObject({ admitted: false });
    });

    test('is refused with another builder', async () => {
      expect(
        await decisionFor(image, { ...identity(), ...builder('https://x.example') }),
      ).toMatchObject({
        admitted: false,
        output: expect.stringContaining('not compliant'),
      });
    });

    test('is refused by a policy for keys', async () => {
      expect(await decisionFor(image, key())).toMatchObject({ admitted: false });
    });
  });

  test('is admitted, signed by an identity in the format "legacy"', async () => {
    const image = await signed(byIdentity, 'legacy');
    const args = { ...identity(), format: 'legacy' };
    expect(await decisionFor(image, { ...args, ...builder(BUILDER) })).toMatchObject(ADMITTED);
    const [trusted] = identity().identities;
    const identities = [{ ...trusted, identity: 'https://ci.example.com/someone/else' }];
    expect(await decisionFor(image, { ...args, identities })).toMatchObject({ admitted: false });
  });

  test('is admitted by the key or by the identity, each in the format that it is read in', async () => {
    const args = { ...identity(), ...key(), format: 'both', transparency: 'log' };
    const byBundle = await signed(byIdentity, 'bundle');
    expect(await decisionFor(byBundle, args)).toMatchObject(ADMITTED);
    const logged = await testSigner(stack, 'key + log');
    const byLoggedKey = await signed(logged, 'legacy');
    const keys = logged.keys.map(({ pem }) => pem);
    expect(await decisionFor(byLoggedKey, { ...args, keys })).toMatchObject(ADMITTED);
    const unlogged = await signed(byKey, 'legacy');
    expect(await decisionFor(unlogged, args)).toMatchObject({ admitted: false });
  });

  test('is refused without provenance if it is required', async () => {
    const image = await signed(byKey, 'legacy', false);
    expect(await decisionFor(image, key())).toMatchObject(ADMITTED);
    expect(await decisionFor(image, { ...key(), provenance: {} })).toMatchObject({
      admitted: false,
    });
  });

  test('refuses an unsigned image', async () => {
    expect(await decisionFor(unsigned, key())).toMatchObject({ admitted: false });
    expect(await decisionFor(unsigned, identity())).toMatchObject({ admitted: false });
  });
});
