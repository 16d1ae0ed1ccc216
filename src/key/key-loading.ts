import type { KeyObject } from 'node:crypto';

import { SignedImageError, asSignedImageError } from '../error';
import type { KeyHost, KeyBackend, PrivateKeyText, RemoteKey, StoredKey } from './backend';
import { decryptedKey, keyPassword } from './decrypted-keys';
import { parseKeyReference } from './key-reference';
import { createKeySigner } from './key-signer';
import { parsePrivateKeyPem, pemBlocks } from './private-key-pem';
import { type PublicKey, keyAlgorithmOf, publicKeyFromDer } from './public-key';
import { createServiceKeySigner } from './service-key-signer';
import type { KeySigner } from './signer';

/** A signing key as it was declared. */
export interface KeyConfig {
  /** PEM text, a path, `env://NAME`, or a reference to one of the other key sources. */
  readonly ref: string;
  /** For an encrypted key; default: `COSIGN_PASSWORD`, else empty. */
  readonly password?: string | undefined;
}

const REF = 'key.ref';

/** Reports every error on the given property. */
async function withErrorProperty<T>(property: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw asSignedImageError(error, {
      code: 'KEY_UNREADABLE',
      message: 'the key cannot be read',
    }).on(property);
  }
}

/** Adds the location of the key to errors about its content. */
async function withErrorLocation<T>(
  { description }: KeyBackend,
  parse: () => T | Promise<T>,
): Promise<T> {
  try {
    return await parse();
  } catch (error) {
    const known = asSignedImageError(error, {
      code: 'KEY_UNREADABLE',
      message: 'cannot be read as a key',
    });
    if (known.property !== undefined) throw known;
    throw new SignedImageError({
      code: known.code,
      message: `${description}: ${known.message}`,
      cause: known.cause,
    });
  }
}

function readPrivateText(stored: StoredKey, host: KeyHost): Promise<PrivateKeyText> {
  const read = (): Promise<PrivateKeyText> => stored.readPrivateKey(host);
  return stored.remote ? readOnce(host, `private ${stored.description}`, read) : read();
}

function readPublicText(stored: StoredKey, host: KeyHost): Promise<string> {
  const read = (): Promise<string> => stored.readPublicKey(host);
  return stored.remote ? readOnce(host, `public ${stored.description}`, read) : read();
}

function openServiceSigner(remote: RemoteKey, host: KeyHost): Promise<KeySigner> {
  return readOnce(host, `signer ${remote.description}`, async () => {
    const key = await remote.open(host);
    return withErrorLocation(remote, () => createServiceKeySigner(key, remote));
  });
}

async function privateKeyFrom(
  { pem: text, password: stored }: PrivateKeyText,
  declared: string | undefined,
  host: KeyHost,
): Promise<KeyObject> {
  const pem = parsePrivateKeyPem(text);
  if (pem.kind === 'plain') return pem.key;
  return decryptedKey(pem.encrypted, keyPassword(declared, stored, host));
}

/**
 * Loads a private key and creates a signer from it. Encrypted keys are cosign's; plain PKCS#8, SEC1
 * and PKCS#1 are accepted from every source (protecting a file is as much up to the user as
 * protecting a variable). A key in a service stays there: only its public key is fetched.
 *
 * @throws SignedImageError on `key.ref` (`KEY_REFERENCE_INVALID`, `KEY_UNREADABLE`,
 *   `KEY_UNSUPPORTED`, `KEY_NOT_FOUND`, `KEY_FORBIDDEN`, `KEY_SERVICE_FAILED`, `PACKAGE_MISSING`) or
 *   `key.password` (`KEY_PASSWORD_WRONG`)
 */
export async function loadKeySigner(
  { ref, password }: KeyConfig,
  host: KeyHost,
): Promise<KeySigner> {
  return withErrorProperty(REF, async () => {
    const backend = parseKeyReference(ref);
    if (backend.kind === 'service') return openServiceSigner(backend, host);
    const text = await readPrivateText(backend, host);
    return withErrorLocation(backend, async () =>
      createKeySigner(await privateKeyFrom(text, password, host)),
    );
  });
}

/**
 * Checks as much of {@link loadKeySigner} as is possible while the password is unknown.
 *
 * @throws as {@link loadKeySigner}
 */
export async function checkKeyWithoutPassword(ref: string, host: KeyHost): Promise<void> {
  await withErrorProperty(REF, async () => {
    const backend = parseKeyReference(ref);
    if (backend.kind === 'service') return void (await openServiceSigner(backend, host));
    const text = await readPrivateText(backend, host);
    await withErrorLocation(backend, () => {
      const pem = parsePrivateKeyPem(text.pem);
      if (pem.kind === 'plain') keyAlgorithmOf(pem.key);
    });
  });
}

function publicKeyFrom(text: string): PublicKey {
  const blocks = pemBlocks(text);
  if (blocks.some(({ label }) => label.endsWith('PRIVATE KEY'))) {
    throw new SignedImageError({
      code: 'KEY_UNSUPPORTED',
      message:
        'it contains a private key where a public key is expected; `cosign public-key --key FILE` prints the public key',
    });
  }
  const [block, another] = blocks.filter(({ label }) => label.endsWith('PUBLIC KEY'));
  if (block === undefined || another !== undefined) {
    throw new SignedImageError({
      code: 'KEY_UNREADABLE',
      message:
        'it must contain exactly one public key (-----BEGIN PUBLIC KEY-----), as in cosign.pub',
    });
  }
  try {
    const type = block.label === 'RSA PUBLIC KEY' ? 'pkcs1' : 'spki';
    return publicKeyFromDer(block.body, type);
  } catch (error) {
    throw asSignedImageError(error, {
      code: 'KEY_UNREADABLE',
      message: 'its public key is damaged',
    });
  }
}

/**
 * Loads a public key from any key backend that `key.ref` supports.
 *
 * @param property the input property to report errors on, for example `verify.keys[0]`
 * @throws SignedImageError as {@link loadKeySigner}, without the password's
 */
export async function loadPublicKey(
  ref: string,
  host: KeyHost,
  property: string = REF,
): Promise<PublicKey> {
  return withErrorProperty(property, async () => {
    const backend = parseKeyReference(ref);
    if (backend.kind === 'service') return (await openServiceSigner(backend, host)).publicKey;
    const text = await readPublicText(backend, host);
    return withErrorLocation(backend, () => publicKeyFrom(text));
  });
}

const pendingReads = new WeakMap<KeyHost, Map<string, Promise<unknown>>>();

/**
 * Reads from a key service once per host (a run of the plugin has one): a hundred images with one
 * key cause one request. A failure is not cached.
 */
export function readOnce<T>(host: KeyHost, slot: string, read: () => Promise<T>): Promise<T> {
  const known = pendingReads.get(host) ?? new Map<string, Promise<unknown>>();
  pendingReads.set(host, known);
  const earlier = known.get(slot);
  if (earlier !== undefined) return earlier as Promise<T>;
  const pending = read();
  known.set(slot, pending);
  pending.catch(() => known.delete(slot));
  return pending;
}
