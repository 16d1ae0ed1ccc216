import { type KeyObject, createPublicKey } from 'node:crypto';

import { SignedImageError, asSignedImageError } from '../../error';
import type { KeySigner } from '../material';
import { type PublicKey, keyAlgorithmOf, publicKeyOf } from '../public-key';
import { decryptedKey } from './decrypted-keys';
import { keyPassword } from './key-password';
import { describeKeyReference, parseKeyReference } from './key-reference';
import { type KeyHost, readKeySource } from './key-source';
import { createKeySigner } from './key-signer';
import { parsePrivateKeyPem, pemBlocks } from './private-key-pem';

/** A signing key as it was declared. */
export interface KeyConfig {
  /** PEM text, a path, or `env://NAME`. */
  readonly ref: string;
  /** For an encrypted key; default: `COSIGN_PASSWORD`, else empty. */
  readonly password?: string | undefined;
}

const REF = 'key.ref';

/** Tells every error on its property, and says which source it is about. */
async function onSource<T>(
  ref: string,
  property: string,
  read: (text: string) => T | Promise<T>,
  host: KeyHost,
) {
  try {
    const reference = parseKeyReference(ref);
    const text = await readKeySource(reference, host);
    try {
      return await read(text);
    } catch (error) {
      const known = asSignedImageError(error, {
        code: 'KEY_UNREADABLE',
        message: 'cannot be read as a key',
      });
      if (known.property !== undefined) throw known;
      throw new SignedImageError({
        code: known.code,
        message: `${describeKeyReference(reference)}: ${known.message}`,
        cause: known.cause,
      });
    }
  } catch (error) {
    throw asSignedImageError(error, {
      code: 'KEY_UNREADABLE',
      message: 'the key cannot be read',
    }).on(property);
  }
}

async function privateKeyFrom(
  text: string,
  password: string | undefined,
  host: KeyHost,
): Promise<KeyObject> {
  const pem = parsePrivateKeyPem(text);
  return pem.kind === 'plain' ? pem.key : decryptedKey(pem.encrypted, keyPassword(password, host));
}

/**
 * Loads a private key and makes it a signer. Encrypted keys are cosign's; plain PKCS#8, SEC1 and
 * PKCS#1 are taken from every source (a file is as much the user's to protect as a variable).
 *
 * @throws SignedImageError on `key.ref` (`KEY_REFERENCE_INVALID`, `KEY_UNREADABLE`,
 *   `KEY_UNSUPPORTED`) or `key.password` (`KEY_PASSWORD_WRONG`)
 */
export async function loadKeySigner(
  { ref, password }: KeyConfig,
  host: KeyHost,
): Promise<KeySigner> {
  return onSource(
    ref,
    REF,
    async (text) => createKeySigner(await privateKeyFrom(text, password, host)),
    host,
  );
}

/**
 * All of {@link loadKeySigner} that can be checked while the password is unknown.
 *
 * @throws as {@link loadKeySigner}
 */
export async function checkKeyWithoutPassword(ref: string, host: KeyHost): Promise<void> {
  await onSource(
    ref,
    REF,
    (text) => {
      const pem = parsePrivateKeyPem(text);
      if (pem.kind === 'plain') keyAlgorithmOf(pem.key);
    },
    host,
  );
}

function publicKeyFrom(text: string): PublicKey {
  const blocks = pemBlocks(text);
  if (blocks.some(({ label }) => label.endsWith('PRIVATE KEY'))) {
    throw new SignedImageError({
      code: 'KEY_UNSUPPORTED',
      message:
        'it holds a private key where a public one belongs; `cosign public-key --key FILE` prints the public one',
    });
  }
  const [block, another] = blocks.filter(({ label }) => label.endsWith('PUBLIC KEY'));
  if (block === undefined || another !== undefined) {
    throw new SignedImageError({
      code: 'KEY_UNREADABLE',
      message: 'it must hold exactly one public key (-----BEGIN PUBLIC KEY-----), as in cosign.pub',
    });
  }
  try {
    const type = block.label === 'RSA PUBLIC KEY' ? 'pkcs1' : 'spki';
    return publicKeyOf(createPublicKey({ key: block.body, format: 'der', type }));
  } catch (error) {
    throw asSignedImageError(error, {
      code: 'KEY_UNREADABLE',
      message: 'its public key is damaged',
    });
  }
}

/**
 * Loads a public key from PEM text, a path or `env://NAME`.
 *
 * @param property the declared property to tell errors on, for example `verify.keys[0]`
 * @throws SignedImageError `KEY_REFERENCE_INVALID`, `KEY_UNREADABLE`, `KEY_UNSUPPORTED`
 */
export async function loadPublicKey(
  ref: string,
  host: KeyHost,
  property: string = REF,
): Promise<PublicKey> {
  return onSource(ref, property, publicKeyFrom, host);
}
