import { type KeyObject, randomBytes, scrypt } from 'node:crypto';

import { xsalsa20poly1305 } from '@noble/ciphers/salsa';

import { SignedImageError } from '../error';
import { parseBoundedJson } from '../http/json-bounds';

/**
 * cosign's encrypted private key: a PEM block whose body is JSON (scrypt parameters, a NaCl
 * secretbox over the PKCS#8 DER). Layout: https://github.com/sigstore/cosign pkg/cosign/keys.go and
 * https://github.com/secure-systems-lab/go-securesystemslib encrypted/encrypted.go.
 */
export interface EncryptedKey {
  readonly cost: ScryptCost;
  readonly salt: Buffer;
  readonly nonce: Buffer;
  readonly ciphertext: Buffer;
}

/** The only costs that cosign writes; others are rejected, as a key file could demand all memory. */
export const SCRYPT_COSTS = [32768, 65536, 131072] as const;
export type ScryptCost = (typeof SCRYPT_COSTS)[number];

/** The PEM label that cosign writes since v2; it wrote the other one before. */
export const ENCRYPTED_KEY_LABEL = 'ENCRYPTED SIGSTORE PRIVATE KEY';
export const ENCRYPTED_KEY_LABELS: readonly string[] = [
  ENCRYPTED_KEY_LABEL,
  'ENCRYPTED COSIGN PRIVATE KEY',
];

const DEFAULT_COST: ScryptCost = 65536;
const BLOCK_SIZE = 8;
const PARALLELISM = 1;
const KEY_BYTES = 32;
const SALT_BYTES = 32;
const NONCE_BYTES = 24;
const TAG_BYTES = 16;
/** scrypt needs 128 * N * r bytes (128 MiB for the largest cost); Node allows 32 MiB by default. */
const SCRYPT_MEMORY = 256 * 1024 * 1024;

type Json = Readonly<Record<string, unknown>>;

function malformed(fault: string): SignedImageError {
  return new SignedImageError({
    code: 'KEY_UNREADABLE',
    message: `the encrypted private key is damaged: ${fault}; restore the file that cosign wrote`,
  });
}

function objectAt(value: unknown, member: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw malformed(`${member} is missing`);
  }
  return value as Json;
}

function bytesAt(value: unknown, member: string): Buffer {
  if (typeof value !== 'string' || !/^[A-Za-z0-9+/]+={0,2}$/.test(value)) {
    throw malformed(`${member} is not base64`);
  }
  return Buffer.from(value, 'base64');
}

function bytesOf(value: unknown, length: number, member: string): Buffer {
  const bytes = bytesAt(value, member);
  if (bytes.length !== length) throw malformed(`${member} is not ${length} bytes long`);
  return bytes;
}

function parseBody(body: Buffer): Json {
  try {
    return objectAt(parseBoundedJson(body), 'its JSON object');
  } catch {
    // A JSON error quotes the text around it, so it is not kept as the cause.
    throw malformed('its body is not a JSON object');
  }
}

function parseCost(kdf: Json): ScryptCost {
  const params = objectAt(kdf['params'], 'kdf.params');
  const cost = SCRYPT_COSTS.find((known) => known === params['N']);
  if (
    kdf['name'] !== 'scrypt' ||
    cost === undefined ||
    params['r'] !== BLOCK_SIZE ||
    params['p'] !== PARALLELISM
  ) {
    throw new SignedImageError({
      code: 'KEY_UNSUPPORTED',
      message:
        'the encrypted private key uses a key derivation that cosign does not write ' +
        `(supported: scrypt with N of ${SCRYPT_COSTS.join(', ')}, r ${BLOCK_SIZE}, p ${PARALLELISM}); ` +
        'generate a key with `cosign generate-key-pair`',
    });
  }
  return cost;
}

/**
 * Parses the body of an encrypted PEM block.
 *
 * @throws SignedImageError `KEY_UNREADABLE` (damaged), `KEY_UNSUPPORTED` (other key derivation or cipher)
 */
export function parseEncryptedKey(body: Buffer): EncryptedKey {
  const json = parseBody(body);
  const kdf = objectAt(json['kdf'], 'kdf');
  const cipher = objectAt(json['cipher'], 'cipher');
  const cost = parseCost(kdf);
  if (cipher['name'] !== 'nacl/secretbox') {
    throw new SignedImageError({
      code: 'KEY_UNSUPPORTED',
      message:
        "the encrypted private key uses a cipher other than cosign's nacl/secretbox; " +
        'generate a key with `cosign generate-key-pair`',
    });
  }
  const ciphertext = bytesAt(json['ciphertext'], 'ciphertext');
  if (ciphertext.length <= TAG_BYTES) throw malformed('ciphertext is too short');
  return {
    cost,
    salt: bytesOf(kdf['salt'], SALT_BYTES, 'kdf.salt'),
    nonce: bytesOf(cipher['nonce'], NONCE_BYTES, 'cipher.nonce'),
    ciphertext,
  };
}

function deriveKey(password: string, salt: Buffer, cost: ScryptCost): Promise<Buffer> {
  const options = { N: cost, r: BLOCK_SIZE, p: PARALLELISM, maxmem: SCRYPT_MEMORY };
  return new Promise((resolve, reject) => {
    scrypt(Buffer.from(password, 'utf8'), salt, KEY_BYTES, options, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}

/** Returns the PKCS#8 DER, or `undefined` where the password is wrong. */
export async function decryptKey(
  { cost, salt, nonce, ciphertext }: EncryptedKey,
  password: string,
): Promise<Buffer | undefined> {
  const key = await deriveKey(password, salt, cost);
  try {
    return Buffer.from(xsalsa20poly1305(key, nonce).decrypt(ciphertext));
  } catch {
    // The only failure that is left: the authentication tag does not match.
    return undefined;
  } finally {
    key.fill(0);
  }
}

export interface EncryptionOptions {
  /** Default: 65536, as in cosign. */
  readonly cost?: ScryptCost;
}

/** Encrypts a private key as `cosign generate-key-pair` writes it to `cosign.key`. */
export async function encryptPrivateKey(
  privateKey: KeyObject,
  password: string,
  { cost = DEFAULT_COST }: EncryptionOptions = {},
): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const nonce = randomBytes(NONCE_BYTES);
  const der = privateKey.export({ format: 'der', type: 'pkcs8' });
  const key = await deriveKey(password, salt, cost);
  const ciphertext = Buffer.from(xsalsa20poly1305(key, nonce).encrypt(der));
  key.fill(0);
  der.fill(0);
  const body = JSON.stringify({
    kdf: {
      name: 'scrypt',
      params: { N: cost, r: BLOCK_SIZE, p: PARALLELISM },
      salt: salt.toString('base64'),
    },
    cipher: { name: 'nacl/secretbox', nonce: nonce.toString('base64') },
    ciphertext: ciphertext.toString('base64'),
  });
  const lines =
    Buffer.from(body)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [
    `-----BEGIN ${ENCRYPTED_KEY_LABEL}-----`,
    ...lines,
    `-----END ${ENCRYPTED_KEY_LABEL}-----`,
    '',
  ].join('\n');
}
