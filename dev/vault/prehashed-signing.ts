import { constants, createECDH, type KeyObject, privateEncrypt } from 'node:crypto';

/** Order of P-256: https://doi.org/10.6028/NIST.SP.800-186 section 3.2.1.3 */
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** DigestInfo of SHA-256: https://www.rfc-editor.org/rfc/rfc8017#section-9.2 */
const SHA256_PREFIX = Buffer.from('3031300d060960864801650304020105000420', 'hex');

/** The two numbers of an ECDSA signature, 32 bytes each. */
export interface EcdsaSignature {
  readonly r: Buffer;
  readonly s: Buffer;
}

const toBigInt = (bytes: Buffer): bigint => BigInt(`0x${bytes.toString('hex')}`);
const toBytes = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(64, '0'), 'hex');

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = base % N;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % N;
    square = (square * square) % N;
  }
  return result;
}

/** FIPS 186-5 section 6.4.1, with the curve's arithmetic of ECDH: the point k*G is its public key. */
export function signEcdsa(key: KeyObject, digest: Buffer): EcdsaSignature {
  const { d = '' } = key.export({ format: 'jwk' });
  const ecdh = createECDH('prime256v1');
  const point = ecdh.generateKeys();
  const k = toBigInt(ecdh.getPrivateKey());
  const r = toBigInt(point.subarray(1, 33)) % N;
  // By Fermat's little theorem: N is prime.
  const s = (power(k, N - 2n) * (toBigInt(digest) + r * toBigInt(Buffer.from(d, 'base64url')))) % N;
  return r === 0n || s === 0n ? signEcdsa(key, digest) : { r: toBytes(r), s: toBytes(s) };
}

function integer(bytes: Buffer): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  const short = bytes.subarray(first);
  const positive = (short[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), short]) : short;
  return Buffer.concat([Buffer.of(0x02, positive.length), positive]);
}

/**
 * Signs a SHA-256 digest: ECDSA P-256 as DER, or RSA PKCS#1 v1.5. Node signs messages only.
 */
export function signPrehashed(key: KeyObject, digest: Buffer): Buffer {
  if (key.asymmetricKeyType === 'rsa') {
    const info = Buffer.concat([SHA256_PREFIX, digest]);
    return privateEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, info);
  }
  const { r, s } = signEcdsa(key, digest);
  const body = Buffer.concat([integer(r), integer(s)]);
  return Buffer.concat([Buffer.of(0x30, body.length), body]);
}
