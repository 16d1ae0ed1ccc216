import { type KeyObject, type SignKeyObjectInput, constants, sign } from 'node:crypto';

import { SignedImageError } from '../error';
import type { KeySigner } from './signer';
import { type KeyAlgorithm, keyHintOf, publicKeyOf } from './public-key';

/** ECDSA as ASN.1 DER and RSA as PKCS#1 v1.5: what DSSE and `.sig` verifiers expect. */
const OPTIONS: Readonly<Record<KeyAlgorithm, Omit<SignKeyObjectInput, 'key'>>> = {
  'ecdsa-p256-sha256': { dsaEncoding: 'der' },
  'rsa-pkcs1v15-sha256': { padding: constants.RSA_PKCS1_PADDING },
};

function signSha256(data: Buffer, key: KeyObject, algorithm: KeyAlgorithm): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    sign('sha256', data, { ...OPTIONS[algorithm], key }, (error, signature) =>
      error === null ? resolve(signature) : reject(error),
    );
  });
}

/**
 * Creates a signer for a private key in memory.
 *
 * @throws SignedImageError `KEY_UNSUPPORTED`; its `sign` rejects with `KEY_SIGNING_FAILED`
 */
export function createKeySigner(privateKey: KeyObject): KeySigner {
  const publicKey = publicKeyOf(privateKey);
  return {
    publicKey,
    async sign(data) {
      try {
        return {
          signature: await signSha256(data, privateKey, publicKey.algorithm),
          key: { $case: 'publicKey', publicKey: publicKey.pem, hint: keyHintOf(publicKey) },
        };
      } catch (error) {
        throw new SignedImageError({
          code: 'KEY_SIGNING_FAILED',
          message: `signing with the key ${publicKey.keyId} failed`,
          cause: error,
        });
      }
    },
  };
}
