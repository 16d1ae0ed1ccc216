import { createHash, generateKeyPairSync, sign } from 'node:crypto';

import { bundleFromJSON, bundleToJSON, type TransparencyLogEntry as Entry } from '@sigstore/bundle';
import { TransparencyLogEntry, TrustedRoot } from '@sigstore/protobuf-specs';
import { DSSEBundleBuilder, type Signer, type Witness } from '@sigstore/sign';
import { Verifier, toSignedEntity, toTrustMaterial } from '@sigstore/verify';

import { type RunningSigstore, startSigstore } from '../../../dev/sigstore';
import { preAuthEncoding } from '../../../dev/sigstore/rekor-entry';

let sigstore: RunningSigstore;
beforeAll(async () => {
  sigstore = await startSigstore();
});
afterAll(() => sigstore.close());

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const TYPE = 'application/vnd.in-toto+json';

function requestFor(message: Buffer, signature: Buffer) {
  return {
    hashedRekordRequestV002: {
      digest: createHash('sha256').update(message).digest('base64'),
      signature: {
        content: signature.toString('base64'),
        verifier: {
          keyDetails: 'PKIX_ECDSA_P256_SHA_256',
          publicKey: {
            rawBytes: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
          },
        },
      },
    },
  };
}

const post = (body: unknown) =>
  fetch(`${sigstore.rekorV2Url}/api/v2/log/entries`, {
    method: 'POST',
    body: JSON.stringify(body),
  });

const signer: Signer = {
  sign: (data) =>
    Promise.resolve({
      signature: sign('sha256', data, privateKey),
      key: {
        $case: 'publicKey',
        publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      },
    }),
};

/** The log client that the library lacks: it sends requests for Rekor v2. */
const witness: Witness = {
  async testify(content) {
    if (content.$case !== 'dsseEnvelope') throw new Error('an envelope was expected');
    const { payload, payloadType, signatures } = content.dsseEnvelope;
    const answer = await post(
      requestFor(preAuthEncoding(payloadType, payload), signatures[0]!.sig),
    );
    expect(answer.status).toBe(201);
    return { tlogEntries: [TransparencyLogEntry.fromJSON(await answer.json()) as Entry] };
  },
};

test('its entries verify with the trusted root, for any size of the tree', async () => {
  const trust = toTrustMaterial(TrustedRoot.fromJSON(sigstore.trustedRoot), () => ({
    publicKey,
    validFor: () => true,
  }));
  for (let size = 1; size <= 5; size++) {
    const artifact = { type: TYPE, data: Buffer.from(`{"n":${size}}`) };
    const bundle = await new DSSEBundleBuilder({ signer, witnesses: [witness] }).create(artifact);
    const entity = toSignedEntity(bundleFromJSON(bundleToJSON(bundle)));
    // It does not provide a time, so a timestamp is not required.
    expect(() => new Verifier(trust, { timestampThreshold: 0 }).verify(entity)).not.toThrow();
    expect(sigstore.logV2.entries).toHaveLength(size);
  }
});

test('the same again is a conflict that names the entry', async () => {
  const message = Buffer.from('message');
  const request = requestFor(message, sign('sha256', message, privateKey));
  const { logIndex } = (await (await post(request)).json()) as { logIndex: string };
  const again = await post(request);
  expect(again.status).toBe(409);
  expect(await again.json()).toMatchObject({
    code: 6,
    message: expect.stringContaining(`index ${logIndex}`),
  });
});

test.each([
  ['a wrong signature', requestFor(Buffer.from('a'), sign('sha256', Buffer.from('b'), privateKey))],
  ['an envelope', { dsseRequestV002: {} }],
  ['nothing', {}],
])('refuses %s', async (_, request) => {
  const before = sigstore.logV2.entries.length;
  expect((await post(request)).status).toBe(400);
  expect(sigstore.logV2.entries).toHaveLength(before);
});
