import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';

import { verifyPrehashed } from '../sigstore/prehashed-signature';
import { signPrehashed } from './prehashed-signing';

export type TransitKeyType =
  'ecdsa-p256' | 'ecdsa-p384' | 'ed25519' | 'rsa-2048' | 'rsa-3072' | 'rsa-4096' | 'aes256-gcm96';

/** The response of the engine; `body` is the JSON's `data`, or `errors`. */
export interface EngineAnswer {
  readonly status: number;
  readonly data?: unknown;
  readonly errors?: readonly string[];
}

interface StoredKey {
  readonly type: TransitKeyType;
  /** The first is version 1. Symmetric keys do not have a private key here. */
  readonly versions: readonly (KeyObject | undefined)[];
  readonly minEncryptionVersion: number;
}

type Fields = Readonly<Record<string, unknown>>;

const refuse = (status: number, ...errors: readonly string[]): EngineAnswer => ({ status, errors });
const invalid = (error: string): EngineAnswer => refuse(400, error);
const absent: EngineAnswer = refuse(404);

function makeKey(type: TransitKeyType): KeyObject | undefined {
  switch (type) {
    case 'ecdsa-p256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    case 'ecdsa-p384':
      return generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
    case 'ed25519':
      return generateKeyPairSync('ed25519').privateKey;
    case 'aes256-gcm96':
      return undefined;
    default:
      return generateKeyPairSync('rsa', { modulusLength: Number(type.slice(4)) }).privateKey;
  }
}

const TYPES: readonly string[] = [
  'ecdsa-p256',
  'ecdsa-p384',
  'ed25519',
  'rsa-2048',
  'rsa-3072',
  'rsa-4096',
  'aes256-gcm96',
];

const NAMES: Partial<Record<TransitKeyType, string>> = {
  'ecdsa-p256': 'P-256',
  'ecdsa-p384': 'P-384',
};

function publicTextOf(key: KeyObject, publicKey: KeyObject): string {
  if (key.asymmetricKeyType !== 'ed25519')
    return publicKey.export({ format: 'pem', type: 'spki' }).toString();
  const { x = '' } = publicKey.export({ format: 'jwk' });
  return Buffer.from(x, 'base64url').toString('base64');
}

/** Decodes a number that may be sent as text, as Vault's `TypeInt` does. */
function intOf(value: unknown): number {
  if (value === undefined || value === '') return 0;
  return typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN;
}

/**
 * The transit engine as its API documentation describes it
 * (https://developer.hashicorp.com/vault/api-docs/secret/transit), for signing only.
 */
export class TransitStore {
  readonly #keys = new Map<string, StoredKey>();

  /** An existing key is not changed, without an error, as in Vault. */
  create(name: string, fields: Fields): EngineAnswer {
    const type = fields['type'] ?? 'aes256-gcm96';
    if (typeof type !== 'string' || !TYPES.includes(type)) {
      return invalid(`unknown key type ${String(type)}`);
    }
    if (!this.#keys.has(name)) {
      const known = type as TransitKeyType;
      this.#keys.set(name, { type: known, versions: [makeKey(known)], minEncryptionVersion: 0 });
    }
    return this.read(name);
  }

  read(name: string): EngineAnswer {
    const key = this.#keys.get(name);
    if (key === undefined) return absent;
    const time = new Date(0).toISOString();
    const versions = key.versions.map((version, index) => [
      String(index + 1),
      version === undefined
        ? 0
        : {
            certificate_chain: '',
            creation_time: time,
            name: NAMES[key.type] ?? key.type,
            public_key: publicTextOf(version, createPublicKey(version)),
          },
    ]);
    return {
      status: 200,
      data: {
        allow_plaintext_backup: false,
        auto_rotate_period: 0,
        deletion_allowed: false,
        derived: false,
        exportable: false,
        imported_key: false,
        keys: Object.fromEntries(versions) as unknown,
        latest_version: key.versions.length,
        min_available_version: 0,
        min_decryption_version: 1,
        min_encryption_version: key.minEncryptionVersion,
        name,
        supports_signing: key.type !== 'aes256-gcm96',
        type: key.type,
      },
    };
  }

  rotate(name: string): EngineAnswer {
    const key = this.#keys.get(name);
    if (key === undefined) return invalid('key not found');
    this.#keys.set(name, { ...key, versions: [...key.versions, makeKey(key.type)] });
    return this.read(name);
  }

  configure(name: string, fields: Fields): EngineAnswer {
    const key = this.#keys.get(name);
    if (key === undefined) return invalid(`no existing key named ${name} could be found`);
    const minEncryptionVersion = intOf(fields['min_encryption_version']);
    this.#keys.set(name, { ...key, minEncryptionVersion });
    return this.read(name);
  }

  sign(name: string, algorithm: string, fields: Fields): EngineAnswer {
    const key = this.#keys.get(name);
    if (key === undefined) return invalid('signing key not found');
    const fault = this.#fault(key, algorithm, fields);
    if (fault !== undefined) return fault;
    const requested = intOf(fields['key_version']);
    const latest = key.versions.length;
    if (!Number.isInteger(requested))
      return invalid('error converting input for field "key_version"');
    const version = requested === 0 ? latest : requested;
    if (version > latest) {
      return refuse(500, 'requested version for signing is higher than the latest key version');
    }
    if (version < key.minEncryptionVersion) {
      // As in Vault: a client error with a server error's status.
      return refuse(
        500,
        'requested version for signing is less than the minimum encryption key version',
      );
    }
    const signing = key.versions[version - 1];
    const digest = Buffer.from(String(fields['input']), 'base64');
    if (signing === undefined || digest.length !== 32) return refuse(500, 'internal error');
    const signature = signPrehashed(signing, digest).toString('base64');
    return {
      status: 200,
      data: { key_version: version, signature: `vault:v${version}:${signature}` },
    };
  }

  verify(name: string, algorithm: string, fields: Fields): EngineAnswer {
    const key = this.#keys.get(name);
    if (key === undefined) return invalid('signature verification key not found');
    const fault = this.#fault(key, algorithm, fields);
    if (fault !== undefined) return fault;
    const [, version, base64 = ''] = /^vault:v(\d+):(.*)$/.exec(String(fields['signature'])) ?? [];
    if (version === undefined) return invalid('invalid signature: no prefix');
    const signing = key.versions[Number(version) - 1];
    if (signing === undefined) return invalid('invalid signature: version is too new');
    const digest = Buffer.from(String(fields['input']), 'base64');
    const valid = verifyPrehashed(createPublicKey(signing), digest, Buffer.from(base64, 'base64'));
    return { status: 200, data: { valid } };
  }

  /** Rejects parameters that this double does not support: it signs SHA-256 digests, with RSA by PKCS#1 v1.5. */
  #fault(key: StoredKey, algorithm: string, fields: Fields): EngineAnswer | undefined {
    if (key.type === 'aes256-gcm96') {
      return invalid(`key type ${key.type} does not support signing`);
    }
    if (algorithm !== 'sha2-256') return invalid(`invalid hash algorithm "${algorithm}"`);
    const marshaling = fields['marshaling_algorithm'] ?? 'asn1';
    if (marshaling !== 'asn1') return invalid(`invalid marshaling type "${String(marshaling)}"`);
    if (fields['prehashed'] !== true) return invalid('only prehashed input is known here');
    const isPkcs1 = fields['signature_algorithm'] === 'pkcs1v15';
    if (key.type.startsWith('rsa-') && !isPkcs1) return invalid('only pkcs1v15 is known here');
    if (key.type !== 'ecdsa-p256' && !key.type.startsWith('rsa-')) {
      return invalid(`${key.type} does not sign here`);
    }
    return undefined;
  }
}
