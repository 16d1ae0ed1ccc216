import { type KeyObject, createHash, createPublicKey } from 'node:crypto';

/**
 * Every ECDSA signature verifies under two public keys (r corresponds to two points). An attacker may
 * log a signature under the other one. Slow arithmetic, for tests only.
 *
 * https://www.secg.org/sec1-v2.pdf, 4.1.6
 */
const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
const G: Point = [
  0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
  0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
];

type Point = readonly [bigint, bigint];

function mod(value: bigint, modulus: bigint): bigint {
  const rest = value % modulus;
  return rest < 0n ? rest + modulus : rest;
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (let b = mod(base, modulus), e = exponent; e > 0n; e >>= 1n, b = (b * b) % modulus) {
    if (e & 1n) result = (result * b) % modulus;
  }
  return result;
}

function inverse(value: bigint, modulus: bigint): bigint {
  return power(value, modulus - 2n, modulus);
}

function add(a: Point | undefined, b: Point | undefined): Point | undefined {
  if (!a || !b) return a ?? b;
  const [ax, ay] = a;
  const [bx, by] = b;
  if (ax === bx && mod(ay + by, P) === 0n) return undefined;
  const slope =
    ax === bx
      ? mod((3n * ax * ax - 3n) * inverse(2n * ay, P), P)
      : mod((by - ay) * inverse(mod(bx - ax, P), P), P);
  const x = mod(slope * slope - ax - bx, P);
  return [x, mod(slope * (ax - x) - ay, P)];
}

function multiply(point: Point, scalar: bigint): Point | undefined {
  let result: Point | undefined;
  for (let p: Point | undefined = point, s = mod(scalar, N); s > 0n; s >>= 1n, p = add(p, p)) {
    if (s & 1n) result = add(result, p);
  }
  return result;
}

function big(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex')}`);
}

/** r and s of an ASN.1 signature. */
function numbers(signature: Buffer): readonly [bigint, bigint] {
  const rLength = signature[3] ?? 0;
  const r = signature.subarray(4, 4 + rLength);
  return [big(r), big(signature.subarray(4 + rLength + 2))];
}

function coordinate(value: bigint): string {
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex').toString('base64url');
}

/** Both P-256 keys under which `signature` (DER) is one of `message`. */
export function keysOfSignature(message: Buffer, signature: Buffer): readonly KeyObject[] {
  const [r, s] = numbers(signature);
  const z = big(createHash('sha256').update(message).digest());
  const y = power(mod(r * r * r - 3n * r + B, P), (P + 1n) / 4n, P);
  return [y, P - y].map((side) => {
    const point = add(multiply([r, side], s), multiply(G, N - mod(z, N)));
    const key = point && multiply(point, inverse(r, N));
    if (!key) throw new Error('no such key');
    const [kx, ky] = key;
    return createPublicKey({
      key: { kty: 'EC', crv: 'P-256', x: coordinate(kx), y: coordinate(ky) },
      format: 'jwk',
    });
  });
}
