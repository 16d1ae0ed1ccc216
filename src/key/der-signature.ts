/** ASN.1 tags: https://www.itu.int/rec/T-REC-X.690 */
const INTEGER = 0x02;
const SEQUENCE = 0x30;
const HALF = 32;

/** The shortest form of an unsigned number, with a leading zero where the first bit would make it negative. */
function integer(bytes: Buffer): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  const magnitude = first === -1 ? Buffer.from([0]) : bytes.subarray(first);
  const sign = (magnitude[0] ?? 0) >= 0x80 ? [0] : [];
  return Buffer.from([INTEGER, sign.length + magnitude.length, ...sign, ...magnitude]);
}

/**
 * Converts an ECDSA P-256 signature from r||s (JWA ES256, RFC 7518 section 3.4: what Key Vault
 * returns) to DER (RFC 3279 section 2.2.3), which all verifiers expect.
 *
 * @returns undefined where the signature is not 64 bytes long
 */
export function derOfRawSignature(raw: Buffer): Buffer | undefined {
  if (raw.length !== 2 * HALF) return undefined;
  const content = Buffer.concat([integer(raw.subarray(0, HALF)), integer(raw.subarray(HALF))]);
  return Buffer.concat([Buffer.from([SEQUENCE, content.length]), content]);
}
