import { type KeyObject, createHmac, randomBytes } from 'node:crypto';

import { SignedImageError } from '../error';
import { withLock } from '../host/lock';
import type { KeyHost } from './backend';
import { type EncryptedKey, decryptKey } from './encrypted-pem';
import { privateKeyFromDer } from './private-key-pem';

/** Known to this process only, so that cached password digests cannot be guessed offline. */
const cacheKey = randomBytes(32);
const decrypted = new Map<string, Promise<KeyObject>>();

function cacheSlotOf({ ciphertext, salt, nonce }: EncryptedKey, password: string): string {
  return createHmac('sha256', cacheKey)
    .update(salt)
    .update(nonce)
    .update(createHmac('sha256', cacheKey).update(ciphertext).digest())
    .update(password, 'utf8')
    .digest('hex');
}

async function decrypt(
  encrypted: EncryptedKey,
  { value, origin }: KeyPassword,
): Promise<KeyObject> {
  // One at a time: eight keys at once would take a gigabyte, and all threads of the pool.
  const der = await withLock('key derivation', () => decryptKey(encrypted, value));
  if (der === undefined) {
    throw new SignedImageError({
      code: 'KEY_PASSWORD_WRONG',
      property: 'key.password',
      message: `${origin} does not decrypt the private key; set key.password (as a secret) or COSIGN_PASSWORD to the one it was encrypted with`,
    });
  }
  try {
    return privateKeyFromDer(der, 'pkcs8');
  } finally {
    der.fill(0);
  }
}

/**
 * Decrypts a key, once per process and password: scrypt costs up to 128 MiB and a second.
 *
 * @throws SignedImageError `KEY_PASSWORD_WRONG` on `key.password`
 */
export async function decryptedKey(
  encrypted: EncryptedKey,
  password: KeyPassword,
): Promise<KeyObject> {
  const slot = cacheSlotOf(encrypted, password.value);
  const known = decrypted.get(slot);
  if (known !== undefined) return known;
  const pending = decrypt(encrypted, password);
  decrypted.set(slot, pending);
  // A failure is not cached: its message names where this password came from.
  pending.catch(() => decrypted.delete(slot));
  return pending;
}

const PASSWORD_VARIABLE = 'COSIGN_PASSWORD';

/** A key's password, and its origin as text without secrets. */
interface KeyPassword {
  readonly value: string;
  readonly origin: string;
}

/**
 * Returns the password to try: the input, else the one stored beside the key, else
 * `COSIGN_PASSWORD`, else the empty one (which is legal, and which many CI keys have).
 */
export function keyPassword(
  input: string | undefined,
  stored: string | undefined,
  { env }: Pick<KeyHost, 'env'>,
): KeyPassword {
  if (input !== undefined) return { value: input, origin: 'the password of key.password' };
  if (stored !== undefined) return { value: stored, origin: 'the password stored beside the key' };
  const fromEnvironment = env[PASSWORD_VARIABLE];
  if (fromEnvironment !== undefined) {
    return { value: fromEnvironment, origin: `the password of ${PASSWORD_VARIABLE}` };
  }
  return {
    value: '',
    origin: `the empty password (neither key.password nor ${PASSWORD_VARIABLE} is set)`,
  };
}
