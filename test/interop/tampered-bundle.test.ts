import type { ErrorCode } from '../../src/error';
import { pushImage } from './support/images';
import { flipped, type Lab, refused, replaced, startLab } from './support/lab';
import { type BundleJson, alterBundles, copyBeside } from './support/tampering';
import { verifyWithOurs } from './support/ours';

/** What real cosign signed is altered in the registry; each alteration alone must be enough. */
let lab: Lab;

beforeAll(async () => {
  lab = await startLab();
});
afterAll(() => lab.stack.close());

const entryOf = (bundle: BundleJson) => bundle.verificationMaterial.tlogEntries[0]!;
const INVALID = 'VERIFY_SIGNATURE_INVALID';

const BUNDLE_CHANGES: Readonly<Record<string, readonly [(bundle: BundleJson) => void, ErrorCode]>> =
  {
    'the annotation in the payload': [
      ({ dsseEnvelope }) =>
        (dsseEnvelope.payload = replaced(dsseEnvelope.payload, '0123abcd', '0123abce')),
      INVALID,
    ],
    'the digest in the payload': [
      ({ dsseEnvelope }) =>
        (dsseEnvelope.payload = replaced(dsseEnvelope.payload, '"sha256":"', '"sha256":"0')),
      INVALID,
    ],
    'the predicate type in the payload': [
      ({ dsseEnvelope }) =>
        (dsseEnvelope.payload = replaced(
          dsseEnvelope.payload,
          'https://sigstore.dev/cosign/sign/v1',
          'https://example.com/another/v1',
        )),
      'VERIFY_UNSIGNED',
    ],
    'the payload type': [({ dsseEnvelope }) => (dsseEnvelope.payloadType = 'text/plain'), INVALID],
    'the signature': [
      ({ dsseEnvelope }) =>
        (dsseEnvelope.signatures[0]!.sig = flipped(dsseEnvelope.signatures[0]!.sig)),
      INVALID,
    ],
    'the certificate': [
      ({ verificationMaterial: { certificate } }) =>
        (certificate.rawBytes = flipped(certificate.rawBytes)),
      INVALID,
    ],
    'the certificate, for one of another authority': [
      ({ verificationMaterial: { certificate } }) =>
        (certificate.rawBytes = lab.foreignCertificate.toString('base64')),
      INVALID,
    ],
    'the body of the log entry': [
      (bundle) =>
        (entryOf(bundle).canonicalizedBody = replaced(
          entryOf(bundle).canonicalizedBody,
          '"dsse"',
          '"dssf"',
        )),
      INVALID,
    ],
    'the signed entry timestamp': [
      (bundle) =>
        (entryOf(bundle).inclusionPromise.signedEntryTimestamp = flipped(
          entryOf(bundle).inclusionPromise.signedEntryTimestamp,
        )),
      INVALID,
    ],
    'the time of the log entry': [
      (bundle) =>
        (entryOf(bundle).integratedTime = String(Number(entryOf(bundle).integratedTime) - 1)),
      INVALID,
    ],
    'the index of the log entry': [
      (bundle) => (entryOf(bundle).logIndex = String(Number(entryOf(bundle).logIndex) + 1)),
      INVALID,
    ],
    'the log id': [
      (bundle) => (entryOf(bundle).logId.keyId = flipped(entryOf(bundle).logId.keyId)),
      INVALID,
    ],
    'the root of the inclusion proof': [
      (bundle) =>
        (entryOf(bundle).inclusionProof.rootHash = flipped(
          entryOf(bundle).inclusionProof.rootHash,
        )),
      INVALID,
    ],
    'a hash of the inclusion proof': [
      (bundle) => {
        const { hashes } = entryOf(bundle).inclusionProof;
        hashes[0] = flipped(hashes[0]!);
      },
      INVALID,
    ],
    'the size in the inclusion proof': [
      (bundle) =>
        (entryOf(bundle).inclusionProof.treeSize = String(
          Number(entryOf(bundle).inclusionProof.treeSize) + 1,
        )),
      INVALID,
    ],
    'the root in the checkpoint': [
      (bundle) => {
        const { checkpoint } = entryOf(bundle).inclusionProof;
        const lines = checkpoint.envelope.split('\n');
        lines[2] = flipped(lines[2]!);
        checkpoint.envelope = lines.join('\n');
      },
      INVALID,
    ],
    'the size in the checkpoint': [
      (bundle) => {
        const { checkpoint } = entryOf(bundle).inclusionProof;
        const lines = checkpoint.envelope.split('\n');
        lines[1] = String(Number(lines[1]) + 1);
        checkpoint.envelope = lines.join('\n');
      },
      INVALID,
    ],
    'the signature of the checkpoint': [
      (bundle) => {
        const { checkpoint } = entryOf(bundle).inclusionProof;
        checkpoint.envelope = checkpoint.envelope.replace(
          /([^ ]+)\n$/,
          (_, text: string) => `${flipped(text)}\n`,
        );
      },
      INVALID,
    ],
    'the timestamp': [
      ({ verificationMaterial: { timestampVerificationData } }) => {
        const [stamp] = timestampVerificationData.rfc3161Timestamps;
        stamp!.signedTimestamp = flipped(stamp!.signedTimestamp);
      },
      INVALID,
    ],
    'no log entry': [
      ({ verificationMaterial }) => (verificationMaterial.tlogEntries = []),
      'VERIFY_LOG_MISSING',
    ],
  };

describe('a bundle of cosign', () => {
  test('verifies as it was written, and so does a copy of it', async () => {
    const image = await lab.cosignSigns('bundle');
    await verifyWithOurs(image, lab.policy('bundle'));
    await alterBundles(lab.stack, image, () => undefined);
    await verifyWithOurs(image, lab.policy('bundle'));
  });

  test.each(Object.keys(BUNDLE_CHANGES))('is refused after a change of: %s', async (what) => {
    // An entry before it, so that its inclusion proof has a hash.
    await lab.cosignSigns('bundle');
    const image = await lab.cosignSigns('bundle');
    const [change, code] = BUNDLE_CHANGES[what]!;
    await alterBundles(lab.stack, image, change);
    await refused(image, lab.policy('bundle'), code);
    const cosign = await lab.stack.cosign(['verify', ...lab.signer.cosign, image.reference]);
    expect(cosign.code).not.toBe(0);
  });

  test('is refused with the log entry of another bundle by the same signer', async () => {
    const [image, another] = [await lab.cosignSigns('bundle'), await lab.cosignSigns('bundle')];
    let entry: BundleJson['verificationMaterial']['tlogEntries'][number] | undefined;
    await alterBundles(lab.stack, another, (bundle) => (entry = entryOf(bundle)));
    await alterBundles(
      lab.stack,
      image,
      (bundle) => (bundle.verificationMaterial.tlogEntries = [entry!]),
    );
    await refused(image, lab.policy('bundle'), INVALID);
  });

  test('is refused for another image', async () => {
    const [image, another] = [
      await lab.cosignSigns('bundle'),
      await pushImage(lab.stack.registry.host),
    ];
    await copyBeside(lab.stack, image, another);
    await refused(another, lab.policy('bundle'), INVALID);
  });
});
