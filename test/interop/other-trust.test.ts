import { createHash } from 'node:crypto';

import { type PushedImage, pushImage } from './support/images';
import { type Lab, refused, startLab } from './support/lab';
import { policyOf, signWithOurs, verifyWithOurs } from './support/ours';
import { COSIGN_KEY_ENV, IDENTITY, type TestSigner, testSigner } from './support/signers';
import { alterBundles } from './support/tampering';

/** Valid signatures of real cosign are refused under another trust configuration. */
let lab: Lab;

beforeAll(async () => {
  lab = await startLab();
});
afterAll(() => lab.stack.close());

describe.each(['bundle', 'legacy'] as const)('an image that cosign signed (%s)', (format) => {
  let image: PushedImage;
  beforeAll(async () => {
    image = await lab.cosignSigns(format);
  });

  const identity = () => ({ identity: IDENTITY, issuer: lab.stack.sigstore.issuer.url });

  test.each([
    ['another identity', { identity: `${IDENTITY}-2` }],
    ['the identity as a pattern', { identity: 'https://ci.example.com/.*' }],
    ['another issuer', { issuer: 'https://issuer.example.com' }],
  ])('is refused where %s is trusted', async (_, change) => {
    const by = lab.policy(format, { identities: [{ ...identity(), ...change }] });
    await refused(image, by, 'VERIFY_SIGNER_MISMATCH');
  });

  test('is refused where a key is trusted', async () => {
    const { keys } = await testSigner(lab.stack, 'key');
    await refused(image, lab.policy(format, { identities: [], keys }), 'VERIFY_SIGNER_MISMATCH');
  });

  test('is refused if another annotation is required', async () => {
    await refused(
      image,
      lab.policy(format, { annotations: { commit: 'x' } }),
      'VERIFY_ANNOTATION_MISMATCH',
    );
  });

  test('is refused if provenance is required', async () => {
    await refused(image, lab.policy(format, { provenance: {} }), 'VERIFY_PROVENANCE_MISSING');
  });

  test('is refused when its manifest is another', async () => {
    const altered = await lab.cosignSigns(format);
    const [, path = ''] = /^[^/]+\/(.+)$/.exec(altered.repository) ?? [];
    const { bytes, mediaType } = lab.stack.registry.store.getManifest(path, altered.digest)!;
    const other = Buffer.from(
      bytes.toString('utf8').replace('"schemaVersion":2', '"schemaVersion": 2'),
    );
    expect(createHash('sha256').update(other).digest('hex')).not.toBe(altered.digest.slice(7));
    lab.stack.registry.store.putManifest(
      path,
      { mediaType, bytes: other },
      { digest: altered.digest },
    );
    await refused(altered, lab.policy(format), 'CONTENT_MISMATCH');
  });
});

test('a key that did not sign is refused for what cosign signed with another one', async () => {
  const [one, two] = [await testSigner(lab.stack, 'key'), await testSigner(lab.stack, 'key')];
  const image = await pushImage(lab.stack.registry.host);
  const args = ['--key', one.config.key!.ref, '--signing-config', lab.stack.signingConfig.none];
  expect(await lab.stack.cosign(['sign', ...args, image.reference], COSIGN_KEY_ENV)).toMatchObject({
    code: 0,
  });
  const by = (who: TestSigner) =>
    policyOf(lab.stack, who, { provenance: undefined, annotations: {} });
  await verifyWithOurs(image, by(one));
  await refused(image, by(two), 'VERIFY_SIGNER_MISMATCH');
});

test('provenance alone, by the right signer, does not count as a signature', async () => {
  const image = await pushImage(lab.stack.registry.host);
  await signWithOurs(image, lab.signer, { format: 'bundle' });
  await alterBundles(lab.stack, image, ({ dsseEnvelope }) => {
    const statement = Buffer.from(dsseEnvelope.payload, 'base64').toString('utf8');
    return statement.includes('cosign/sign/v1') ? 'remove' : undefined;
  });
  // cosign accepts this (formats, fact 3); we do not.
  expect(await lab.stack.cosign(['verify', ...lab.signer.cosign, image.reference])).toMatchObject({
    code: 0,
  });
  await refused(image, policyOf(lab.stack, lab.signer, { annotations: {} }), 'VERIFY_UNSIGNED');
});
