import type { KeyObject } from 'node:crypto';

import { SignedImageError } from '../error';
import type { Host } from '../host/host';
import type { HttpHost } from '../http/message';

/** The parts of the host that key sources use. */
export type KeyHost = Pick<Host, 'env' | 'readFile'> &
  Partial<Pick<Host, 'now'>> &
  Pick<HttpHost, 'send'>;

/** A private key as text, with the password that is stored beside it, if any. */
export interface PrivateKeyText {
  /** PEM: cosign's encrypted form, PKCS#8, SEC1 or PKCS#1. A secret. */
  readonly pem: string;
  /** Default: `key.password`, else `COSIGN_PASSWORD`. A secret. */
  readonly password?: string | undefined;
}

/** A key stored as PEM text: in a file, a variable, a Kubernetes secret or GitLab's variables. */
export interface StoredKey {
  readonly kind: 'stored';
  /** The location without secrets, as the subject of a sentence: `the file cosign.key`. */
  readonly description: string;
  /** Whether reading sends a request; it is then done once per run. */
  readonly remote: boolean;
  /**
   * @throws SignedImageError `KEY_NOT_FOUND`, `KEY_FORBIDDEN`, `KEY_SERVICE_FAILED`, `KEY_UNREADABLE`,
   *   `PACKAGE_MISSING`
   */
  readPrivateKey(host: KeyHost): Promise<PrivateKeyText>;
  /** The PEM text of the public key. Throws as `readPrivateKey`. */
  readPublicKey(host: KeyHost): Promise<string>;
}

/** The message to sign, in the two forms that services accept. */
export interface SignedMessage {
  readonly data: Buffer;
  /** sha256 of `data`, 32 bytes. */
  readonly digest: Buffer;
}

/** A key that never leaves its service. */
export interface ServiceKey {
  readonly publicKey: KeyObject;
  /**
   * Returns ECDSA as ASN.1 DER over SHA-256, or RSA PKCS#1 v1.5 over SHA-256. The caller verifies
   * the signature with `publicKey`.
   *
   * @throws SignedImageError `KEY_FORBIDDEN`, `KEY_SERVICE_FAILED`, `KEY_UNSUPPORTED`
   */
  sign(message: SignedMessage): Promise<Buffer>;
}

/** A key in a KMS, in Vault's transit engine or in a PKCS#11 token. */
export interface RemoteKey {
  readonly kind: 'service';
  readonly description: string;
  /**
   * Fetches the public key; called once per run. Writes nothing and signs nothing.
   *
   * @throws SignedImageError `KEY_NOT_FOUND`, `KEY_FORBIDDEN`, `KEY_SERVICE_FAILED`,
   *   `KEY_UNSUPPORTED`, `PACKAGE_MISSING`
   */
  open(host: KeyHost): Promise<ServiceKey>;
}

export type KeyBackend = StoredKey | RemoteKey;

/** A newly generated key. */
export interface GeneratedKey {
  /** The public key: PEM, SubjectPublicKeyInfo, ends with a line break. */
  readonly publicKey: string;
  /** One sentence for the user: what was created, and where. Contains no secret. */
  readonly summary: string;
}

export interface KeyGenerationRequest {
  /** Encrypts a private key that is stored as text; services that keep the key ignore it. A secret. */
  readonly password?: string | undefined;
}

/** One kind of key backend, and how cosign refers to it. */
export interface KeySource {
  /** How references begin, for example `awskms://`. */
  readonly prefixes: readonly string[];
  /** One reference of this kind, for messages: `awskms:///alias/NAME`. */
  readonly example: string;
  /**
   * Parses a reference that begins with one of the prefixes, without sending a request.
   *
   * @throws SignedImageError `KEY_REFERENCE_INVALID`
   */
  parse(ref: string): KeyBackend;
  /**
   * Creates a key at the reference, as `cosign generate-key-pair` does (ECDSA P-256). Overwrites
   * nothing, and leaves nothing partially written behind.
   *
   * @throws SignedImageError `KEY_EXISTS`, `KEY_REFERENCE_INVALID`, `KEY_FORBIDDEN`,
   *   `KEY_SERVICE_FAILED`, `PACKAGE_MISSING`
   */
  generate?(ref: string, request: KeyGenerationRequest, host: KeyHost): Promise<GeneratedKey>;
}

/** PEM text that is given inline. */
export function pemTextKey(pem: string): StoredKey {
  return {
    kind: 'stored',
    description: 'the PEM text',
    remote: false,
    readPrivateKey: async () => ({ pem }),
    readPublicKey: async () => pem,
  };
}

function reasonOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'does not exist';
  if (code === 'EACCES' || code === 'EPERM') return 'is not readable by this user';
  if (code === 'EISDIR') return 'is a directory';
  return `cannot be read (${code ?? 'unknown error'})`;
}

/** A PEM file. */
export function fileKey(path: string): StoredKey {
  const description = `the file ${path}`;
  const read = async ({ readFile }: KeyHost): Promise<string> => {
    try {
      return await readFile(path);
    } catch (error) {
      throw new SignedImageError({
        code: 'KEY_UNREADABLE',
        message: `${description} ${reasonOf(error)}; relative paths start at the working directory`,
        cause: error,
      });
    }
  };
  return {
    kind: 'stored',
    description,
    remote: false,
    readPrivateKey: async (host) => ({ pem: await read(host) }),
    readPublicKey: read,
  };
}

/** An environment variable that holds PEM text. */
export function environmentKey(name: string): StoredKey {
  const description = `the environment variable ${name}`;
  const read = async ({ env }: KeyHost): Promise<string> => {
    const value = env[name];
    if (value !== undefined && value.trim() !== '') return value;
    throw new SignedImageError({
      code: 'KEY_UNREADABLE',
      message: `${description} is ${value === undefined ? 'not set' : 'empty'}; it must hold the key's PEM text`,
    });
  };
  return {
    kind: 'stored',
    description,
    remote: false,
    readPrivateKey: async (host) => ({ pem: await read(host) }),
    readPublicKey: read,
  };
}
