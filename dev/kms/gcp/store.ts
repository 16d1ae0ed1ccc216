import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';

import { crc32c } from '../../../src/key/gcp/backend';
import { signPrehashed } from '../../vault/prehashed-signing';

export interface GcpDoubleVersion {
  readonly privateKey: KeyObject;
  /** Default: `EC_SIGN_P256_SHA256`. */
  readonly algorithm?: string;
  /** Default: `ENABLED`. */
  readonly state?: string;
}

export interface GcpDoubleKey {
  /** Default: `ASYMMETRIC_SIGN`. */
  readonly purpose?: string;
  /** Versions by number. */
  readonly versions: Map<number, GcpDoubleVersion>;
}

/** The part of a response that is corrupted. */
export type Damage = 'public-key' | 'signature' | 'request';

/** gRPC's status of a refused call. */
export class GcpRefusal extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

export interface GcpStore {
  /** Names: `projects/P/locations/L/keyRings/R`. */
  readonly keyRings: Set<string>;
  /** By name: `projects/P/locations/L/keyRings/R/cryptoKeys/K`. */
  readonly keys: Map<string, GcpDoubleKey>;
  damage: Damage | undefined;
}

type Message = Readonly<Record<string, unknown>>;

const [INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, FAILED_PRECONDITION] = [3, 5, 6, 9];

function existing<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new GcpRefusal(NOT_FOUND, `${name} not found.`);
  return value;
}

function versionAt({ keys }: GcpStore, name: string): GcpDoubleVersion {
  const [, keyName = '', number] = /^(.*)\/cryptoKeyVersions\/(\d+)$/.exec(name) ?? [];
  return existing(keys.get(keyName)?.versions.get(Number(number)), name);
}

function usable(store: GcpStore, name: string): GcpDoubleVersion {
  const version = versionAt(store, name);
  const { state = 'ENABLED', algorithm = '' } = version;
  if (state !== 'ENABLED') {
    throw new GcpRefusal(
      FAILED_PRECONDITION,
      `${name} is not enabled, current state is: ${state}.`,
    );
  }
  if (algorithm === 'GOOGLE_SYMMETRIC_ENCRYPTION') {
    throw new GcpRefusal(INVALID_ARGUMENT, `${name} is not an asymmetric key.`);
  }
  return version;
}

const describe = (name: string, { state, algorithm }: GcpDoubleVersion): Message => ({
  name,
  state: state ?? 'ENABLED',
  algorithm: algorithm ?? 'EC_SIGN_P256_SHA256',
});

function list({ keys }: GcpStore, { parent }: Message): Message {
  const { versions } = existing(keys.get(String(parent)), String(parent));
  return {
    cryptoKeyVersions: [...versions]
      // As in the service: sorted by name as text.
      .sort(([a], [b]) => String(b).localeCompare(String(a)))
      .map(([number, each]) => describe(`${String(parent)}/cryptoKeyVersions/${number}`, each))
      .filter(({ state }) => state === 'ENABLED'),
  };
}

function publicKey(store: GcpStore, { name }: Message): Message {
  const version = usable(store, String(name));
  const pem = createPublicKey(version.privateKey).export({ format: 'pem', type: 'spki' });
  const checksum = crc32c(Buffer.from(pem)) + (store.damage === 'public-key' ? 1 : 0);
  return {
    ...describe(String(name), version),
    pem,
    pemCrc32c: { value: checksum },
  };
}

interface SignRequest {
  readonly name: string;
  readonly digest?: { readonly sha256?: Uint8Array };
  readonly digestCrc32c?: { readonly value?: unknown };
}

function signature(store: GcpStore, request: Message): Message {
  const { name, digest, digestCrc32c } = request as unknown as SignRequest;
  const version = usable(store, name);
  const bytes = Buffer.from(digest?.sha256 ?? new Uint8Array());
  const isWhole = String(digestCrc32c?.value) === String(crc32c(bytes));
  if (bytes.length !== 32 || (digestCrc32c !== undefined && digestCrc32c !== null && !isWhole)) {
    throw new GcpRefusal(INVALID_ARGUMENT, 'The checksum in field digest_crc32c does not match.');
  }
  const made = signPrehashed(version.privateKey, bytes);
  return {
    name,
    signature: made,
    signatureCrc32c: { value: crc32c(made) + (store.damage === 'signature' ? 1 : 0) },
    verifiedDigestCrc32c: isWhole && store.damage !== 'request',
  };
}

function makeKeyRing({ keyRings }: GcpStore, { parent, keyRingId }: Message): Message {
  const name = `${String(parent)}/keyRings/${String(keyRingId)}`;
  keyRings.add(name);
  return { name };
}

function makeKey({ keys, keyRings }: GcpStore, { parent, cryptoKeyId }: Message): Message {
  existing(keyRings.has(String(parent)) || undefined, String(parent));
  const name = `${String(parent)}/cryptoKeys/${String(cryptoKeyId)}`;
  if (keys.has(name)) throw new GcpRefusal(ALREADY_EXISTS, `${name} already exists.`);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  keys.set(name, { versions: new Map([[1, { privateKey }]]) });
  return { name, purpose: 'ASYMMETRIC_SIGN' };
}

/** The permission that each method requires: https://cloud.google.com/kms/docs/reference/permissions-and-roles */
export const OPERATIONS: Readonly<
  Record<string, { readonly permission: string; run(store: GcpStore, request: Message): Message }>
> = {
  GetKeyRing: {
    permission: 'cloudkms.keyRings.get',
    run: ({ keyRings }, { name }) => ({
      name: existing(keyRings.has(String(name)) ? name : undefined, String(name)),
    }),
  },
  CreateKeyRing: { permission: 'cloudkms.keyRings.create', run: makeKeyRing },
  GetCryptoKey: {
    permission: 'cloudkms.cryptoKeys.get',
    run: ({ keys }, { name }) => ({
      name,
      purpose: existing(keys.get(String(name)), String(name)).purpose ?? 'ASYMMETRIC_SIGN',
    }),
  },
  CreateCryptoKey: { permission: 'cloudkms.cryptoKeys.create', run: makeKey },
  GetCryptoKeyVersion: {
    permission: 'cloudkms.cryptoKeyVersions.get',
    run: (store, { name }) => describe(String(name), versionAt(store, String(name))),
  },
  ListCryptoKeyVersions: { permission: 'cloudkms.cryptoKeyVersions.list', run: list },
  GetPublicKey: { permission: 'cloudkms.cryptoKeyVersions.viewPublicKey', run: publicKey },
  AsymmetricSign: { permission: 'cloudkms.cryptoKeyVersions.useToSign', run: signature },
};
