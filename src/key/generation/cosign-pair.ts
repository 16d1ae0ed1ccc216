import { generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

import { encryptPrivateKey } from '../encrypted-pem';

/** A key pair as `cosign generate-key-pair` creates it: ECDSA P-256, the private key encrypted. */
export interface CosignPair {
  /** `-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----`. A secret. */
  readonly privateKey: string;
  /** `-----BEGIN PUBLIC KEY-----`. */
  readonly publicKey: string;
}

interface KeyObjects {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const generate = promisify(generateKeyPair) as (
  type: 'ec',
  options: { readonly namedCurve: string },
) => Promise<KeyObjects>;

/**
 * Creates a key pair in memory.
 *
 * @param password encrypts the private key; empty is legal, and protects nothing
 */
export async function createCosignPair(password: string): Promise<CosignPair> {
  const { privateKey, publicKey } = await generate('ec', { namedCurve: 'prime256v1' });
  return {
    privateKey: await encryptPrivateKey(privateKey, password),
    publicKey: publicKey.export({ format: 'pem', type: 'spki' }).toString(),
  };
}
