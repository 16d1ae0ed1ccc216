import type { ErrorCode } from '../../src/error';
import { pushImage } from './support/images';
import { flipped, type Lab, refused, replaced, startLab } from './support/lab';
import { type LayerJson, alterLayers, copyBeside } from './support/tampering';
import { verifyWithOurs } from './support/ours';

/** The same for cosign's older format. */
let lab: Lab;

beforeAll(async () => {
  lab = await startLab();
});
afterAll(() => lab.stack.close());

const INVALID = 'VERIFY_SIGNATURE_INVALID';

const LAYER_CHANGES: Readonly<Record<string, readonly [(layer: LayerJson) => void, ErrorCode]>> = {
  'the annotation in the payload': [
    (layer) => (layer.payload = layer.payload.replace('0123abcd', '0123abce')),
    INVALID,
  ],
  'the digest in the payload': [
    (layer) => (layer.payload = layer.payload.replace(/sha256:[0-9a-f]{4}/, 'sha256:0000')),
    INVALID,
  ],
  'the signature': [
    ({ annotations }) =>
      (annotations['dev.cosignproject.cosign/signature'] = flipped(
        annotations['dev.cosignproject.cosign/signature']!,
      )),
    INVALID,
  ],
  'the certificate, for one of another authority': [
    ({ annotations }) => {
      const body = lab.foreignCertificate.toString('base64');
      annotations['dev.sigstore.cosign/certificate'] =
        `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`;
    },
    INVALID,
  ],
  'the body of the log entry': [
    (layer) =>
      changeEntry(
        layer,
        (entry) => (entry.Payload.body = replaced(entry.Payload.body, 'sha256', 'sha257')),
      ),
    INVALID,
  ],
  'the signed entry timestamp': [
    (layer) =>
      changeEntry(
        layer,
        (entry) => (entry.SignedEntryTimestamp = flipped(entry.SignedEntryTimestamp)),
      ),
    INVALID,
  ],
  'the time of the log entry': [
    (layer) => changeEntry(layer, (entry) => (entry.Payload.integratedTime -= 1)),
    INVALID,
  ],
  'the index of the log entry': [
    (layer) => changeEntry(layer, (entry) => (entry.Payload.logIndex += 1)),
    INVALID,
  ],
  'the timestamp': [
    ({ annotations }) => {
      const name = 'dev.sigstore.cosign/rfc3161timestamp';
      const stamp = JSON.parse(annotations[name]!) as { SignedRFC3161Timestamp: string };
      stamp.SignedRFC3161Timestamp = flipped(stamp.SignedRFC3161Timestamp);
      annotations[name] = JSON.stringify(stamp);
    },
    INVALID,
  ],
  'no log entry': [
    ({ annotations }) => delete annotations['dev.sigstore.cosign/bundle'],
    'VERIFY_LOG_MISSING',
  ],
};

interface LegacyEntry {
  SignedEntryTimestamp: string;
  readonly Payload: { body: string; integratedTime: number; logIndex: number };
}

function changeEntry({ annotations }: LayerJson, change: (entry: LegacyEntry) => void): void {
  const entry = JSON.parse(annotations['dev.sigstore.cosign/bundle']!) as LegacyEntry;
  change(entry);
  annotations['dev.sigstore.cosign/bundle'] = JSON.stringify(entry);
}

describe('a legacy signature of cosign', () => {
  test('verifies as it was written, and so does a copy of it', async () => {
    const image = await lab.cosignSigns('legacy');
    await alterLayers(lab.stack, image, () => undefined);
    await verifyWithOurs(image, lab.policy('legacy'));
  });

  test.each(Object.keys(LAYER_CHANGES))('is refused after a change of: %s', async (what) => {
    const image = await lab.cosignSigns('legacy');
    const [change, code] = LAYER_CHANGES[what]!;
    await alterLayers(lab.stack, image, change);
    await refused(image, lab.policy('legacy'), code);
    const cosign = await lab.stack.cosign(['verify', ...lab.signer.cosign, image.reference]);
    expect(cosign.code).not.toBe(0);
  });

  test('is refused for another image', async () => {
    const [image, another] = [
      await lab.cosignSigns('legacy'),
      await pushImage(lab.stack.registry.host),
    ];
    await copyBeside(lab.stack, image, another);
    await refused(another, lab.policy('legacy'), INVALID);
  });
});
