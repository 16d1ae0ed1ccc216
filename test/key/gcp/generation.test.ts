import { createPublicKey } from 'node:crypto';

import { type GcpDouble, GcpRefusal, startGcpDouble } from '../../../dev/kms';
import { loadKeySigner } from '../../../src/key';
import { generateGcpKey } from '../../../src/key/gcp/generation';
import { failureOf } from '../../sign/support/failure';
import { testHost } from '../../sign/support/host';

const RING = 'projects/team/locations/europe-west3/keyRings/images';
const REF = `gcpkms://${RING}/cryptoKeys/signing`;
const [NOT_FOUND, ALREADY_EXISTS] = [5, 6];

let gcp: GcpDouble;
beforeAll(async () => {
  gcp = await startGcpDouble();
});
afterAll(() => gcp.close());
beforeEach(() => {
  gcp.keys.clear();
  gcp.keyRings.clear();
  gcp.calls.length = 0;
  gcp.fault = undefined;
  gcp.permissions = undefined;
});

const host = () =>
  testHost({
    env: {
      GOOGLE_APPLICATION_CREDENTIALS: gcp.credentialsFile,
      CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS: gcp.url,
    },
  });

describe('a new key in Google Cloud KMS', () => {
  it('is an ECDSA P-256 key in a new key ring, and signs at once', async () => {
    const { publicKey, summary } = await generateGcpKey(REF, host());
    expect(createPublicKey(publicKey).asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
    expect(summary).toContain(REF);
    expect(gcp.keyRings.has(RING)).toBe(true);
    expect((await loadKeySigner({ ref: REF }, host())).publicKey.pem).toBe(publicKey);
  });

  it('is made in a key ring that is there', async () => {
    gcp.keyRings.add(RING);
    await generateGcpKey(REF, host());
    expect(gcp.calls).not.toContain('CreateKeyRing');
  });

  it('is waited for until its first version is there', async () => {
    gcp.keyRings.add(RING);
    let early = 2;
    gcp.fault = (method) => {
      if (method !== 'GetPublicKey' || early-- <= 0) return undefined;
      return new GcpRefusal(9, 'is not enabled, current state is: PENDING_GENERATION.');
    };
    expect((await generateGcpKey(REF, host())).publicKey).toContain('BEGIN PUBLIC KEY');
  });

  it('is not made where there is one of that name', async () => {
    await generateGcpKey(REF, host());
    gcp.calls.length = 0;
    expect((await failureOf(generateGcpKey(REF, host()))).code).toBe('KEY_EXISTS');
    expect(gcp.calls).toEqual(['GetCryptoKey']);
  });

  it('is not made where another made one meanwhile', async () => {
    gcp.fault = (method) => {
      if (method === 'GetCryptoKey') return new GcpRefusal(NOT_FOUND, 'none yet');
      return method === 'CreateCryptoKey'
        ? new GcpRefusal(ALREADY_EXISTS, 'there is one')
        : undefined;
    };
    expect((await failureOf(generateGcpKey(REF, host()))).code).toBe('KEY_EXISTS');
  });

  it('names no version', async () => {
    const error = await failureOf(generateGcpKey(`${REF}/versions/1`, host()));
    expect(error.code).toBe('KEY_REFERENCE_INVALID');
    expect(gcp.calls).toEqual([]);
  });

  it.each(['cloudkms.keyRings.create', 'cloudkms.cryptoKeys.create', 'cloudkms.cryptoKeys.get'])(
    'needs the permission %s',
    async (missing) => {
      const all = ['cloudkms.keyRings.get', 'cloudkms.keyRings.create', 'cloudkms.cryptoKeys.get'];
      gcp.permissions = new Set([...all, 'x'].filter((each) => each !== missing));
      const error = await failureOf(generateGcpKey(REF, host()));
      expect(error.code).toBe('KEY_FORBIDDEN');
      expect(error.message).toContain(`${missing} was denied`);
    },
  );
});
