import { policyControllerPolicy, type SignerPolicyArgs } from '../../../src/enforce/admission';
import type { SignatureFormat } from '../../../src/sign';
import { type PushedImage, pushImage } from '../../interop/support/images';
import { BUILDER, signWithOurs } from '../../interop/support/ours';
import { IDENTITY, type TestSigner, testSigner } from '../../interop/support/signers';
import { type Stack, startStack } from '../../interop/support/stack';
import { publicPem } from '../admission/support/policies';
import { type Judgement, judge } from '../support/policy-tester';

/** With what it said, so that a refusal tells why. */
const ADMITTED = { admitted: true, said: expect.stringContaining('admitted') };

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

  const judged = (image: PushedImage, change: Partial<SignerPolicyArgs>): Promise<Judgement> => {
    const { manifests } = policyControllerPolicy({
      name: 'acme',
      images: [`${stack.registry.host}/interop/*`],
      ...change,
    });
    return judge(manifests, image.reference, stack.folder);
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

    test('is admitted, with the provenance that is asked for', async () => {
      const judgement = await judged(image, { ...key(), format, ...builder(BUILDER) });
      expect(judgement).toMatchObject(ADMITTED);
    });

    test('is admitted by any of several keys', async () => {
      const keys = [publicPem(), ...key().keys];
      expect(await judged(image, { keys, format })).toMatchObject(ADMITTED);
    });

    test('is refused by another key', async () => {
      expect(await judged(image, { keys: [publicPem()], format })).toMatchObject({
        admitted: false,
        said: expect.stringContaining('no matching signatures'),
      });
    });

    test('is refused with another builder', async () => {
      expect(
        await judged(image, { ...key(), format, ...builder('https://x.example') }),
      ).toMatchObject({ admitted: false, said: expect.stringContaining('not compliant') });
    });
  });

  describe('an image that an identity signed in a bundle', () => {
    let image: PushedImage;
    beforeAll(async () => {
      image = await signed(byIdentity, 'bundle');
    });

    test('is admitted, with the provenance that is asked for', async () => {
      expect(await judged(image, { ...identity(), ...builder(BUILDER) })).toMatchObject(ADMITTED);
    });

    test.each([
      ['another identity', { identity: 'https://ci.example.com/someone/else' }],
      ['another issuer', { issuer: 'https://issuer.example.com' }],
    ])('is refused for %s', async (_what, change) => {
      const [trusted] = identity().identities;
      const judgement = await judged(image, {
        ...identity(),
        identities: [{ ...trusted, ...change }],
      });
      expect(judgement).toMatchObject({ admitted: false });
    });

    test('is refused with another builder', async () => {
      expect(await judged(image, { ...identity(), ...builder('https://x.example') })).toMatchObject(
        {
          admitted: false,
          said: expect.stringContaining('not compliant'),
        },
      );
    });

    test('is refused by a policy for keys', async () => {
      expect(await judged(image, key())).toMatchObject({ admitted: false });
    });
  });

  test('is admitted, signed by an identity in the format "legacy"', async () => {
    const image = await signed(byIdentity, 'legacy');
    const asked = { ...identity(), format: 'legacy' };
    expect(await judged(image, { ...asked, ...builder(BUILDER) })).toMatchObject(ADMITTED);
    const [trusted] = identity().identities;
    const identities = [{ ...trusted, identity: 'https://ci.example.com/someone/else' }];
    expect(await judged(image, { ...asked, identities })).toMatchObject({ admitted: false });
  });

  test('is admitted by the key or by the identity, each in the format that it is read in', async () => {
    const asked = { ...identity(), ...key(), format: 'both', transparency: 'log' };
    const byBundle = await signed(byIdentity, 'bundle');
    expect(await judged(byBundle, asked)).toMatchObject(ADMITTED);
    const logged = await testSigner(stack, 'key + log');
    const byLoggedKey = await signed(logged, 'legacy');
    const keys = logged.keys.map(({ pem }) => pem);
    expect(await judged(byLoggedKey, { ...asked, keys })).toMatchObject(ADMITTED);
    const unlogged = await signed(byKey, 'legacy');
    expect(await judged(unlogged, asked)).toMatchObject({ admitted: false });
  });

  test('is refused without provenance where it is asked for', async () => {
    const image = await signed(byKey, 'legacy', false);
    expect(await judged(image, key())).toMatchObject(ADMITTED);
    expect(await judged(image, { ...key(), provenance: {} })).toMatchObject({ admitted: false });
  });

  test('refuses what nobody signed', async () => {
    expect(await judged(unsigned, key())).toMatchObject({ admitted: false });
    expect(await judged(unsigned, identity())).toMatchObject({ admitted: false });
  });
});
