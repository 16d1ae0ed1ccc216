import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';

import { signEcdsa, signPrehashed } from '../../vault/prehashed-signing';

/** One version of a key. */
export interface AzureDoubleKey {
  readonly privateKey: KeyObject;
  /** `kty` in the vault's response; default: `EC` or `RSA`, by the key. */
  readonly type?: string;
  /** Default: true. */
  readonly enabled?: boolean;
  /** Seconds since 1970. */
  readonly notBefore?: number;
  readonly expires?: number;
  /** Default: `sign`, `verify`. */
  readonly operations?: readonly string[];
}

export interface AzureStore {
  /** The versions of each key, oldest first, by name. */
  readonly keys: Map<string, Map<string, AzureDoubleKey>>;
  /** Names of deleted keys, which cannot be reused. */
  readonly deleted: Set<string>;
}

/** An error response: https://learn.microsoft.com/azure/key-vault/general/rest-error-codes */
export class AzureRefusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly inner?: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
}

function found(store: AzureStore, name: string, version: string): [string, AzureDoubleKey] {
  const versions = store.keys.get(name) ?? new Map<string, AzureDoubleKey>();
  const last = [...versions].at(-1);
  const one = versions.get(version);
  const hit = version === '' ? last : one && ([version, one] as [string, AzureDoubleKey]);
  if (hit !== undefined) return hit;
  throw new AzureRefusal(
    404,
    'KeyNotFound',
    `A key with (name/id) ${name}/${version} was not found in this key vault.`,
  );
}

const forbidden = (inner: string, message: string) =>
  new AzureRefusal(403, 'Forbidden', message, inner);

export function getKey(store: AzureStore, url: string, name: string, requested: string): object {
  const [version, key] = found(store, name, requested);
  if (key.enabled === false) {
    throw forbidden('KeyDisabled', 'Operation get is not allowed on a disabled key.');
  }
  const { kty, ...material } = createPublicKey(key.privateKey).export({ format: 'jwk' });
  return {
    key: {
      kid: `${url}/keys/${name}/${version}`,
      kty: key.type ?? kty,
      key_ops: key.operations ?? ['sign', 'verify'],
      ...material,
    },
    attributes: {
      enabled: true,
      nbf: key.notBefore,
      exp: key.expires,
      created: 1_700_000_000,
      updated: 1_700_000_000,
    },
  };
}

/** https://learn.microsoft.com/rest/api/keyvault/keys/sign/sign */
export function signValue(
  store: AzureStore,
  url: string,
  name: string,
  requested: string,
  { alg, value }: { readonly alg?: string; readonly value?: string },
): object {
  const [version, key] = found(store, name, requested);
  if (key.enabled === false) {
    throw forbidden('KeyDisabled', 'Operation sign is not allowed on a disabled key.');
  }
  const operations = key.operations ?? ['sign', 'verify'];
  if (!operations.includes('sign')) {
    throw forbidden('KeyOperationForbidden', 'Operation sign is not permitted on this key.');
  }
  const expected = key.privateKey.asymmetricKeyType === 'ec' ? 'ES256' : 'RS256';
  const digest = Buffer.from(value ?? '', 'base64url');
  if (alg !== expected || digest.length !== 32) {
    throw new AzureRefusal(400, 'BadParameter', 'Key and signing algorithm are incompatible.');
  }
  const { r, s } =
    expected === 'ES256' ? signEcdsa(key.privateKey, digest) : { r: Buffer.of(), s: Buffer.of() };
  const made = expected === 'ES256' ? [r, s] : [signPrehashed(key.privateKey, digest)];
  return {
    kid: `${url}/keys/${name}/${version}`,
    value: Buffer.concat(made).toString('base64url'),
  };
}

export function createKey(store: AzureStore, url: string, name: string): object {
  if (store.deleted.has(name)) {
    throw new AzureRefusal(
      409,
      'Conflict',
      `Key ${name} is currently in a deleted but recoverable state, and its name cannot be reused.`,
      'ObjectIsDeletedButRecoverable',
    );
  }
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const versions = store.keys.get(name) ?? new Map<string, AzureDoubleKey>();
  versions.set(String(versions.size + 1).padStart(32, '0'), { privateKey });
  store.keys.set(name, versions);
  return getKey(store, url, name, '');
}
