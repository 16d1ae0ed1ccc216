import type { Handle } from 'pkcs11js';

import { SignedImageError } from '../../error';
import { CKA, CKK, CKM, CKO } from './cryptoki-constants';
import type { Pkcs11Uri } from './pkcs11-uri';
import type { TokenSession } from './token-session';

/** A private key in a token. */
export interface TokenKey {
  readonly handle: Handle;
  readonly type: 'ec' | 'rsa';
  /** Identifies the public key. */
  readonly id: Buffer | undefined;
  readonly label: Buffer | undefined;
  /** Requires the PIN for each signature. */
  readonly alwaysAuthenticates: boolean;
}

type Template = readonly { readonly type: number; readonly value: number | Buffer }[];

const MAX_OBJECTS = 16;

export function findObjects({ library, handle }: TokenSession, template: Template): Handle[] {
  library.C_FindObjectsInit(handle, template);
  try {
    return library.C_FindObjects(handle, MAX_OBJECTS);
  } finally {
    library.C_FindObjectsFinal(handle);
  }
}

/** Returns `undefined` if the object does not have the attribute, or does not reveal it. */
export function attributeOf(
  { library, handle }: TokenSession,
  object: Handle,
  type: number,
): Buffer | undefined {
  try {
    const value = library.C_GetAttributeValue(handle, object, [{ type }])[0]?.value;
    return value === undefined || value.length === 0 ? undefined : value;
  } catch {
    return undefined;
  }
}

const smallNumber = (value: Buffer | undefined): number | undefined =>
  value === undefined ? undefined : value.readUIntLE(0, Math.min(value.length, 6));

function typeOf(value: number | undefined, description: string): TokenKey['type'] {
  if (value === CKK.EC) return 'ec';
  if (value === CKK.RSA) return 'rsa';
  throw new SignedImageError({
    code: 'KEY_UNSUPPORTED',
    message: `${description}: the key is neither ECDSA nor RSA; create one of the type EC:prime256v1 or rsa:2048`,
  });
}

/**
 * Finds the single private key that matches the URI.
 *
 * @throws SignedImageError `KEY_NOT_FOUND`, `KEY_REFERENCE_INVALID` (several), `KEY_UNSUPPORTED`
 */
export function findPrivateKey(
  session: TokenSession,
  { id, object }: Pkcs11Uri,
  description: string,
): TokenKey {
  const [handle, another] = findObjects(session, [
    { type: CKA.CLASS, value: CKO.PRIVATE_KEY },
    ...(id === undefined ? [] : [{ type: CKA.ID, value: id }]),
    ...(object === undefined ? [] : [{ type: CKA.LABEL, value: object }]),
  ]);
  if (handle === undefined) {
    throw new SignedImageError({
      code: 'KEY_NOT_FOUND',
      message: `${description}: the token has no such private key; \`pkcs11-tool --list-objects --login\` lists its keys`,
    });
  }
  if (another !== undefined) {
    throw new SignedImageError({
      code: 'KEY_REFERENCE_INVALID',
      message: `${description}: the token has several such private keys; name one by id and object`,
    });
  }
  return {
    handle,
    type: typeOf(smallNumber(attributeOf(session, handle, CKA.KEY_TYPE)), description),
    id: attributeOf(session, handle, CKA.ID),
    label: attributeOf(session, handle, CKA.LABEL),
    alwaysAuthenticates: smallNumber(attributeOf(session, handle, CKA.ALWAYS_AUTHENTICATE)) === 1,
  };
}

/** DigestInfo of SHA-256: https://www.rfc-editor.org/rfc/rfc8017#section-9.2 */
const SHA256_PREFIX = Buffer.from('3031300d060960864801650304020105000420', 'hex');
const MAX_SIGNATURE_BYTES = 1024;

/** Signs a digest. Tokens return ECDSA as r||s, RSA as PKCS#1 v1.5. */
export async function signDigest(
  session: TokenSession,
  key: TokenKey,
  digest: Buffer,
): Promise<Buffer> {
  const { library, handle } = session;
  const isRsa = key.type === 'rsa';
  library.C_SignInit(handle, { mechanism: isRsa ? CKM.RSA_PKCS : CKM.ECDSA }, key.handle);
  if (key.alwaysAuthenticates) session.loginForKey();
  const input = isRsa ? Buffer.concat([SHA256_PREFIX, digest]) : digest;
  return library.C_SignAsync(handle, input, Buffer.alloc(MAX_SIGNATURE_BYTES));
}
