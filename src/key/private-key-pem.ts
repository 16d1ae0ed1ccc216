import { type KeyObject, createPrivateKey } from 'node:crypto';

import { SignedImageError } from '../error';
import { normalizePem, PEM_BLOCK, pemFault } from '../host/pem-text';
import { ENCRYPTED_KEY_LABELS, type EncryptedKey, parseEncryptedKey } from './encrypted-pem';

/** The private key in a PEM text. */
export type PrivateKeyPem =
  | { readonly kind: 'encrypted'; readonly encrypted: EncryptedKey }
  | { readonly kind: 'plain'; readonly key: KeyObject };

export interface PemBlock {
  readonly label: string;
  readonly body: Buffer;
  /** RFC 1421 headers, as in OpenSSL's old encrypted keys. */
  readonly hasHeaders: boolean;
}

const PLAIN_LABELS = {
  'PRIVATE KEY': 'pkcs8',
  'EC PRIVATE KEY': 'sec1',
  'RSA PRIVATE KEY': 'pkcs1',
} as const;

/** Returns all blocks of a PEM text, in order. */
export function pemBlocks(text: string): PemBlock[] {
  return [...normalizePem(text).matchAll(PEM_BLOCK)].map(([, label = '', body = '']) => ({
    label,
    body: Buffer.from(body, 'base64'),
    hasHeaders: body.includes(':'),
  }));
}

function unsupported(message: string): SignedImageError {
  return new SignedImageError({ code: 'KEY_UNSUPPORTED', message });
}

function unreadable(message: string): SignedImageError {
  return new SignedImageError({ code: 'KEY_UNREADABLE', message });
}

function privateBlock(text: string): PemBlock {
  const blocks = pemBlocks(text);
  const [block, another] = blocks.filter(({ label }) => label.endsWith('PRIVATE KEY'));
  if (another !== undefined)
    throw unreadable('it contains more than one private key; give just one');
  if (block !== undefined) return block;
  if (blocks.some(({ label }) => label.endsWith('PUBLIC KEY') || label === 'CERTIFICATE')) {
    throw unsupported(
      'it contains a public key, and signing needs the private key (cosign.key, not cosign.pub)',
    );
  }
  const fault = pemFault(text);
  throw unreadable(
    `it does not contain a complete PEM block with a private key (-----BEGIN ... to -----END ...)${fault === undefined ? '' : `: ${fault}`}`,
  );
}

/** Parses DER without keeping the cause: OpenSSL's errors do not help and may quote bytes. */
export function privateKeyFromDer(der: Buffer, type: 'pkcs8' | 'sec1' | 'pkcs1'): KeyObject {
  try {
    return createPrivateKey({ key: der, format: 'der', type });
  } catch {
    throw unreadable('its private key is damaged or of a type that OpenSSL does not support');
  }
}

/**
 * Parses the single private key of a PEM text: cosign's encrypted form, or plain PKCS#8, SEC1 or PKCS#1.
 *
 * @throws SignedImageError `KEY_UNREADABLE`, `KEY_UNSUPPORTED`; never repeats any of the text.
 */
export function parsePrivateKeyPem(text: string): PrivateKeyPem {
  const { label, body, hasHeaders } = privateBlock(text);
  if (ENCRYPTED_KEY_LABELS.includes(label)) {
    return { kind: 'encrypted', encrypted: parseEncryptedKey(body) };
  }
  if (label === 'ENCRYPTED PRIVATE KEY' || hasHeaders) {
    throw unsupported(
      "it is encrypted in OpenSSL's format; convert it to cosign's with `cosign import-key-pair --key FILE`",
    );
  }
  const type = PLAIN_LABELS[label as keyof typeof PLAIN_LABELS];
  if (type === undefined) {
    throw unsupported(
      `"${label}" is not a supported type of signing key; generate one with \`cosign generate-key-pair\``,
    );
  }
  return { kind: 'plain', key: privateKeyFromDer(body, type) };
}
