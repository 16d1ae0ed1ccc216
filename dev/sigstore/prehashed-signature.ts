import { type KeyObject, constants, publicDecrypt } from 'node:crypto';

/**
 * Verifies a signature by the SHA-256 digest of the message, as a log must for a `hashedrekord`.
 * Node verifies with the message only, hence the curve's arithmetic here.
 */
export function verifyPrehashed(key: KeyObject, digest: Buffer, signature: Buffer): boolean {
  try {
    if (key.asymmetricKeyType === 'rsa') return verifyRsa(key, digest, signature);
    if (key.asymmetricKeyType === 'ec') return verifyEcdsa(key, digest, signature);
  } catch {
    return false;
  }
  return false;
}

/** DigestInfo of SHA-256: https://www.rfc-editor.org/rfc/rfc8017#section-9.2 */
const SHA256_PREFIX = Buffer.from('3031300d060960864801650304020105000420', 'hex');

function verifyRsa(key: KeyObject, digest: Buffer, signature: Buffer): boolean {
  const message = publicDecrypt({ key, padding: constants.RSA_PKCS1_PADDING }, signature);
  return message.equals(Buffer.concat([SHA256_PREFIX, digest]));
}

interface Curve {
  readonly p: bigint;
  readonly n: bigint;
  readonly g: Point;
}
interface Point {
  readonly x: bigint;
  readonly y: bigint;
}

/** https://doi.org/10.6028/NIST.SP.800-186 section 3.2.1; both have a = -3. */
const CURVES: Readonly<Record<string, Curve>> = {
  prime256v1: {
    p: 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
    n: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
    g: {
      x: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
      y: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
    },
  },
  secp384r1: {
    p: 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffffn,
    n: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
    g: {
      x: 0xaa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7n,
      y: 0x3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5fn,
    },
  },
};

/** https://www.rfc-editor.org/rfc/rfc6090#section-5.3.3 */
function verifyEcdsa(key: KeyObject, digest: Buffer, signature: Buffer): boolean {
  const curve = CURVES[key.asymmetricKeyDetails?.namedCurve ?? ''];
  if (!curve) return false;
  const { n, p } = curve;
  const { x, y } = key.export({ format: 'jwk' });
  const [r, s] = parseSignature(signature);
  if (r < 1n || r >= n || s < 1n || s >= n) return false;
  const w = inverse(s, n);
  const u1 = mod(toBigInt(digest) * w, n);
  const u2 = mod(r * w, n);
  const q = { x: fromBase64Url(x), y: fromBase64Url(y) };
  const sum = add(multiply(u1, curve.g, p), multiply(u2, q, p), p);
  return sum !== undefined && mod(mod(sum.x * inverse(sum.z * sum.z, p), p), n) === r;
}

/** DER `SEQUENCE { r INTEGER, s INTEGER }`, short lengths only. */
function parseSignature(der: Buffer): readonly [bigint, bigint] {
  const rLength = der[3] ?? 0;
  const sLength = der[5 + rLength] ?? 0;
  const whole =
    der[0] === 0x30 &&
    der[1] === der.length - 2 &&
    der[2] === 0x02 &&
    der[4 + rLength] === 0x02 &&
    der.length === 6 + rLength + sLength;
  if (!whole) throw new Error('malformed ECDSA signature');
  return [toBigInt(der.subarray(4, 4 + rLength)), toBigInt(der.subarray(6 + rLength))];
}

/** Jacobian coordinates of the affine point (x / z^2, y / z^3); `undefined` is the point at infinity. */
interface Jacobian extends Point {
  readonly z: bigint;
}

/** https://hyperelliptic.org/EFD/g1p/auto-shortw-jacobian-3.html#doubling-dbl-2001-b */
function double(point: Jacobian | undefined, p: bigint): Jacobian | undefined {
  if (!point || point.y === 0n) return undefined;
  const { x, y, z } = point;
  const delta = mod(z * z, p);
  const gamma = mod(y * y, p);
  const beta = mod(x * gamma, p);
  const alpha = mod(3n * (x - delta) * (x + delta), p);
  const x3 = mod(alpha * alpha - 8n * beta, p);
  return {
    x: x3,
    y: mod(alpha * (4n * beta - x3) - 8n * gamma * gamma, p),
    z: mod((y + z) * (y + z) - gamma - delta, p),
  };
}

/** https://hyperelliptic.org/EFD/g1p/auto-shortw-jacobian-3.html#addition-add-1998-cmo-2 */
function add(a: Jacobian | undefined, b: Jacobian | undefined, p: bigint): Jacobian | undefined {
  if (!a || !b) return a ?? b;
  const aa = mod(a.z * a.z, p);
  const bb = mod(b.z * b.z, p);
  const u1 = mod(a.x * bb, p);
  const s1 = mod(a.y * b.z * bb, p);
  const h = mod(b.x * aa - u1, p);
  const r = mod(b.y * a.z * aa - s1, p);
  if (h === 0n) return r === 0n ? double(a, p) : undefined;
  const hh = mod(h * h, p);
  const hhh = mod(h * hh, p);
  const v = mod(u1 * hh, p);
  const x = mod(r * r - hhh - 2n * v, p);
  return { x, y: mod(r * (v - x) - s1 * hhh, p), z: mod(a.z * b.z * h, p) };
}

function multiply(scalar: bigint, point: Point, p: bigint): Jacobian | undefined {
  let sum: Jacobian | undefined;
  let doubled: Jacobian | undefined = { ...point, z: 1n };
  for (let rest = scalar; rest > 0n; rest >>= 1n) {
    if (rest & 1n) sum = add(sum, doubled, p);
    doubled = double(doubled, p);
  }
  return sum;
}

/** By the extended Euclidean algorithm. */
function inverse(value: bigint, modulus: bigint): bigint {
  let [r0, r1] = [modulus, mod(value, modulus)];
  let [t0, t1] = [0n, 1n];
  while (r1 !== 0n) {
    const quotient = r0 / r1;
    [r0, r1] = [r1, r0 - quotient * r1];
    [t0, t1] = [t1, t0 - quotient * t1];
  }
  return mod(t0, modulus);
}

function mod(value: bigint, modulus: bigint): bigint {
  const rest = value % modulus;
  return rest < 0n ? rest + modulus : rest;
}

function toBigInt(bytes: Buffer): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${bytes.toString('hex')}`);
}

function fromBase64Url(text: string | undefined): bigint {
  return toBigInt(Buffer.from(text ?? '', 'base64url'));
}
