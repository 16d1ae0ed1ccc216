import { generateKeyPairSync, type KeyObject } from 'node:crypto';

import { type GcpDoubleVersion, startGcpDouble } from '../../dev/kms';
import type { RunningSource, SourceCase } from './source-case';

const NAME = 'projects/team/locations/europe-west3/keyRings/images/cryptoKeys/signing';

const p256 = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const rsa = (): KeyObject => generateKeyPairSync('rsa', { modulusLength: 3072 }).privateKey;

const inDouble =
  (ref: string, signing: number, privateKey: () => KeyObject, algorithm: string) =>
  async (): Promise<RunningSource> => {
    const gcp = await startGcpDouble();
    const versions = new Map<number, GcpDoubleVersion>();
    for (const number of [1, 2, 3]) {
      const state = number > signing ? 'DISABLED' : 'ENABLED';
      versions.set(number, { privateKey: p256(), state });
    }
    versions.set(signing, { privateKey: privateKey(), algorithm });
    gcp.keys.set(NAME, { versions });
    const account = { GOOGLE_APPLICATION_CREDENTIALS: gcp.credentialsFile };
    return {
      config: { key: { ref } },
      env: { ...account, CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS: gcp.url },
      publicRef: ref,
      // It knows no other endpoint than the real one: that is reached through a proxy.
      cosign: {
        key: ref,
        env: { ...account, HTTPS_PROXY: gcp.proxy.url, SSL_CERT_FILE: gcp.caFile },
      },
      stop: () => gcp.close(),
    };
  };

export const GCP_CASES: readonly SourceCase[] = [
  {
    source: 'gcpkms:// (newest enabled version)',
    against: 'double',
    start: inDouble(`gcpkms://${NAME}`, 2, p256, 'EC_SIGN_P256_SHA256'),
  },
  {
    source: 'gcpkms:// (version, RSA 3072)',
    against: 'double',
    start: inDouble(`gcpkms://${NAME}/cryptoKeyVersions/1`, 1, rsa, 'RSA_SIGN_PKCS1_3072_SHA256'),
  },
];
