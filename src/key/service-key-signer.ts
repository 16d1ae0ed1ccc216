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
 * A signer with a key that its service keeps. No signature leaves it that the public half, which was
 * fetched once, does not verify: a service that rotated the key meanwhile, or signs with another
 * algorithm than it says, would otherwise make an image that nobody can verify.
 *
 * @throws SignedImageError `KEY_UNSUPPORTED`; its `sign` rejects with `KEY_SIGNING_FAILED`, or with
 *   what the service's signer says
 */
export function createServiceKeySigner(key: ServiceKey, place: RemoteKey): KeySigner {
  const publicKey = publicKeyOf(key.publicKey);
  const asked = async (data: Buffer): Promise<Buffer> => {
    try {
      return await key.sign({ data, digest: createHash('sha256').update(data).digest() });
    } catch (error) {
      throw asSignedImageError(error, {
        code: 'KEY_SIGNING_FAILED',
        message: `${place.description} could not sign`,
      });
    }
  };
  return {
    publicKey,
    async sign(data) {
      const signature = await asked(data);
      if (!isSignatureOf(data, signature, key.publicKey)) {
        throw new SignedImageError({
          code: 'KEY_SIGNING_FAILED',
          message:
            `${place.description} returned a signature that its own public key (${publicKey.keyId}) does not verify; ` +
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
