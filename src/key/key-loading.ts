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

/** Tells every error on its property. */
async function onProperty<T>(property: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw asSignedImageError(error, {
      code: 'KEY_UNREADABLE',
      message: 'the key cannot be read',
    }).on(property);
  }
}

/** Says of what is wrong with a text where the text is. */
async function textOf<T>({ description }: KeyBackend, parse: () => T | Promise<T>): Promise<T> {
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

function privateTextOf(place: StoredKey, host: KeyHost): Promise<PrivateKeyText> {
  const read = (): Promise<PrivateKeyText> => place.readPrivateKey(host);
  return place.remote ? readOnce(host, `private ${place.description}`, read) : read();
}

function publicTextOf(place: StoredKey, host: KeyHost): Promise<string> {
  const read = (): Promise<string> => place.readPublicKey(host);
  return place.remote ? readOnce(host, `public ${place.description}`, read) : read();
}

function serviceSigner(place: RemoteKey, host: KeyHost): Promise<KeySigner> {
  return readOnce(host, `signer ${place.description}`, async () => {
    const key = await place.open(host);
    return textOf(place, () => createServiceKeySigner(key, place));
  });
}

async function privateKeyFrom(
  { pem: text, password: beside }: PrivateKeyText,
  declared: string | undefined,
  host: KeyHost,
): Promise<KeyObject> {
  const pem = parsePrivateKeyPem(text);
  if (pem.kind === 'plain') return pem.key;
  return decryptedKey(pem.encrypted, keyPassword(declared, beside, host));
}

/**
 * Loads a private key and makes it a signer. Encrypted keys are cosign's; plain PKCS#8, SEC1 and
 * PKCS#1 are taken from every source (a file is as much the user's to protect as a variable). A key
 * that a service keeps stays there: its public half is fetched.
 *
 * @throws SignedImageError on `key.ref` (`KEY_REFERENCE_INVALID`, `KEY_UNREADABLE`,
 *   `KEY_UNSUPPORTED`, `KEY_NOT_FOUND`, `KEY_FORBIDDEN`, `KEY_SERVICE_FAILED`, `PACKAGE_MISSING`) or
 *   `key.password` (`KEY_PASSWORD_WRONG`)
 */
export async function loadKeySigner(
  { ref, password }: KeyConfig,
  host: KeyHost,
): Promise<KeySigner> {
  return onProperty(REF, async () => {
    const place = parseKeyReference(ref);
    if (place.kind === 'service') return serviceSigner(place, host);
    const text = await privateTextOf(place, host);
    return textOf(place, async () => createKeySigner(await privateKeyFrom(text, password, host)));
  });
}

/**
 * All of {@link loadKeySigner} that can be checked while the password is unknown.
 *
 * @throws as {@link loadKeySigner}
 */
export async function checkKeyWithoutPassword(ref: string, host: KeyHost): Promise<void> {
  await onProperty(REF, async () => {
    const place = parseKeyReference(ref);
    if (place.kind === 'service') return void (await serviceSigner(place, host));
    const text = await privateTextOf(place, host);
    await textOf(place, () => {
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
    return publicKeyFromDer(block.body, type);
  } catch (error) {
    throw asSignedImageError(error, {
      code: 'KEY_UNREADABLE',
      message: 'its public key is damaged',
    });
  }
}

/**
 * Loads a public key from any place that `key.ref` can name.
 *
 * @param property the declared property to tell errors on, for example `verify.keys[0]`
 * @throws SignedImageError as {@link loadKeySigner}, without the password's
 */
export async function loadPublicKey(
  ref: string,
  host: KeyHost,
  property: string = REF,
): Promise<PublicKey> {
  return onProperty(property, async () => {
    const place = parseKeyReference(ref);
    if (place.kind === 'service') return (await serviceSigner(place, host)).publicKey;
    const text = await publicTextOf(place, host);
    return textOf(place, () => publicKeyFrom(text));
  });
}

const looks = new WeakMap<KeyHost, Map<string, Promise<unknown>>>();

/**
 * What a service said of a key, asked for once per host (a run of the plugin has one): a hundred
 * images with one key are one question. A failure is not kept.
 */
export function readOnce<T>(host: KeyHost, slot: string, look: () => Promise<T>): Promise<T> {
  const known = looks.get(host) ?? new Map<string, Promise<unknown>>();
  looks.set(host, known);
  const earlier = known.get(slot);
  if (earlier !== undefined) return earlier as Promise<T>;
  const pending = look();
  known.set(slot, pending);
  pending.catch(() => known.delete(slot));
  return pending;
}
