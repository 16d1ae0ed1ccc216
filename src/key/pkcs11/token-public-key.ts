import { createPublicKey, type JsonWebKey, type KeyObject, X509Certificate } from 'node:crypto';

import { SignedImageError } from '../../error';
import { CKA, CKO } from './cryptoki-constants';
import { attributeOf, findObjects, type TokenKey } from './token-key';
import type { TokenSession } from './token-session';

/** DER of OBJECT IDENTIFIER 1.2.840.10045.3.1.7 (prime256v1), as `CKA_EC_PARAMS` has it. */
const P256 = Buffer.from('06082a8648ce3d030107', 'hex');
const POINT_LENGTH = 65;

/** `undefined` for values that are not a key, for example a point that is not on the curve. */
function keyObjectOf(key: JsonWebKey): KeyObject | undefined {
  try {
    return createPublicKey({ format: 'jwk', key });
  } catch {
    return undefined;
  }
}

/** PKCS#11 requires the point in an OCTET STRING; some modules omit it. */
function p256KeyOf(point: Buffer): KeyObject | undefined {
  const bare = point.length === POINT_LENGTH + 2 ? point.subarray(2) : point;
  if (bare.length !== POINT_LENGTH || bare[0] !== 0x04) return undefined;
  const [x, y] = [bare.subarray(1, 33), bare.subarray(33)];
  return keyObjectOf({
    kty: 'EC',
    crv: 'P-256',
    x: x.toString('base64url'),
    y: y.toString('base64url'),
  });
}

function unsupportedCurve(description: string): SignedImageError {
  return new SignedImageError({
    code: 'KEY_UNSUPPORTED',
    message: `${description}: the key's curve is not P-256, so not every verifier accepts it; create one of the type EC:prime256v1 or rsa:2048`,
  });
}

function rsaKeyOf(modulus: Buffer, exponent: Buffer): KeyObject | undefined {
  const key = { kty: 'RSA', n: modulus.toString('base64url'), e: exponent.toString('base64url') };
  return keyObjectOf(key);
}

/** Private objects of RSA keys often contain the public key, too. */
function publicKeyIn(
  session: TokenSession,
  object: TokenKey['handle'],
  type: TokenKey['type'],
  description: string,
): KeyObject | undefined {
  const read = (attribute: number): Buffer | undefined => attributeOf(session, object, attribute);
  if (type === 'rsa') {
    const [modulus, exponent] = [read(CKA.MODULUS), read(CKA.PUBLIC_EXPONENT)];
    return modulus && exponent && rsaKeyOf(modulus, exponent);
  }
  const [curve, point] = [read(CKA.EC_PARAMS), read(CKA.EC_POINT)];
  if (curve !== undefined && !curve.equals(P256)) throw unsupportedCurve(description);
  return curve && point && p256KeyOf(point);
}

function certificateKey(session: TokenSession, object: TokenKey['handle']): KeyObject | undefined {
  const der = attributeOf(session, object, CKA.VALUE);
  try {
    return der && new X509Certificate(der).publicKey;
  } catch {
    return undefined;
  }
}

/**
 * Finds the public key: in the public key object with the same id (else the same label), in the
 * private object itself, or in the certificate with the same id.
 *
 * @throws SignedImageError `KEY_NOT_FOUND` (the token does not contain the public key), `KEY_UNSUPPORTED`
 */
export function findPublicKey(
  session: TokenSession,
  key: TokenKey,
  { description, ignoreCertificate }: { description: string; ignoreCertificate: boolean },
): KeyObject {
  const findByName = (objectClass: number): TokenKey['handle'][] =>
    [
      { type: CKA.ID, value: key.id },
      { type: CKA.LABEL, value: key.label },
    ]
      .flatMap(({ type, value }) => (value === undefined ? [] : [{ type, value }]))
      .slice(0, 1)
      .flatMap((name) => findObjects(session, [{ type: CKA.CLASS, value: objectClass }, name]));
  const readers = [
    ...findByName(CKO.PUBLIC_KEY).map(
      (each) => () => publicKeyIn(session, each, key.type, description),
    ),
    () => publicKeyIn(session, key.handle, key.type, description),
    ...(ignoreCertificate
      ? []
      : findByName(CKO.CERTIFICATE).map((each) => () => certificateKey(session, each))),
  ];
  for (const read of readers) {
    const publicKey = read();
    if (publicKey !== undefined) return publicKey;
  }
  throw new SignedImageError({
    code: 'KEY_NOT_FOUND',
    message: `${description}: the token does not contain the public key; import it, or its certificate, under the same id`,
  });
}
