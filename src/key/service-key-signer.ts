import { createHash, type KeyObject, verify } from 'node:crypto';

import { asSignedImageError, SignedImageError } from '../error';
import type { KeySigner } from './signer';
import { keyHintOf, publicKeyOf } from './public-key';
import type { ServiceKey, RemoteKey } from './backend';

function isSignatureOf(data: Buffer, signature: Buffer, key: KeyObject): boolean {
  try {
    return verify('sha256', data, { key, dsaEncoding: 'der' }, signature);
  } catch {
    return false;
  }
}

/**
 * Creates a signer for a key in a service. It returns only signatures that verify with the public
 * key, which was fetched once: a service that rotated the key in between, or that signs with another
 * algorithm than it reports, would otherwise produce an image that cannot be verified.
 *
 * @throws SignedImageError `KEY_UNSUPPORTED`; its `sign` rejects with `KEY_SIGNING_FAILED`, or with
 *   the error of the service's signer
 */
export function createServiceKeySigner(key: ServiceKey, backend: RemoteKey): KeySigner {
  const publicKey = publicKeyOf(key.publicKey);
  const signWithService = async (data: Buffer): Promise<Buffer> => {
    try {
      return await key.sign({ data, digest: createHash('sha256').update(data).digest() });
    } catch (error) {
      throw asSignedImageError(error, {
        code: 'KEY_SIGNING_FAILED',
        message: `${backend.description} could not sign`,
      });
    }
  };
  return {
    publicKey,
    async sign(data) {
      const signature = await signWithService(data);
      if (!isSignatureOf(data, signature, key.publicKey)) {
        throw new SignedImageError({
          code: 'KEY_SIGNING_FAILED',
          message:
            `${backend.description} returned a signature that its own public key (${publicKey.keyId}) does not verify; ` +
            'if the key was rotated just now run again, else check which version and algorithm the reference names',
        });
      }
      return {
        signature,
        key: { $case: 'publicKey', publicKey: publicKey.pem, hint: keyHintOf(publicKey) },
      };
    },
  };
}
