import { isIPv4, isIPv6 } from 'node:net';

/** Bytes 0 to 11 of an IPv4-mapped IPv6 address: https://www.rfc-editor.org/rfc/rfc4291#section-2.5.5.2 */
const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

/** A range of addresses, such as `10.0.0.0/8`. */
export interface AddressRange {
  readonly bytes: readonly number[];
  readonly bits: number;
}

/**
 * The bytes of an IP address: 4 for IPv4 and for IPv4-mapped IPv6, else 16. An IPv6 zone is not accepted.
 *
 * @returns `undefined` where the text is not an IP address
 */
export function addressBytes(text: string): readonly number[] | undefined {
  const bytes = allBytes(text);
  return bytes && isMapped(bytes) ? bytes.slice(12) : bytes;
}

/**
 * Parses a range in CIDR notation as Go's `net.ParseCIDR` does.
 *
 * @returns `undefined` where the text is not a range
 */
export function parseRange(text: string): AddressRange | undefined {
  const [address = '', length, ...more] = text.split('/');
  if (length === undefined || more.length > 0 || !/^\d{1,8}$/.test(length)) return undefined;
  const bytes = allBytes(address);
  const bits = Number(length);
  if (bytes === undefined || bits > bytes.length * 8) return undefined;
  if (!isMapped(bytes)) return { bytes, bits };
  // Go keeps the last 4 bytes of the mask once it has masked the address with all of it.
  const masked = bytes.map((byte, at) => byte & maskByte(bits, at));
  return isMapped(masked)
    ? { bytes: masked.slice(12), bits: Math.max(0, bits - 96) }
    : { bytes: masked, bits };
}

export function isInRange(address: readonly number[], { bytes, bits }: AddressRange): boolean {
  return (
    address.length === bytes.length &&
    bytes.every((byte, at) => {
      const mask = maskByte(bits, at);
      return (byte & mask) === ((address[at] ?? 0) & mask);
    })
  );
}

export function isSameAddress(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

export function isLoopbackAddress(bytes: readonly number[]): boolean {
  return bytes.length === 4
    ? bytes[0] === 127
    : bytes.every((byte, at) => byte === (at === 15 ? 1 : 0));
}

function maskByte(bits: number, at: number): number {
  const ones = Math.min(8, Math.max(0, bits - 8 * at));
  return (0xff00 >> ones) & 0xff;
}

function isMapped(bytes: readonly number[]): boolean {
  return bytes.length === 16 && MAPPED.every((byte, at) => byte === bytes[at]);
}

function allBytes(text: string): readonly number[] | undefined {
  if (isIPv4(text)) return text.split('.').map(Number);
  if (!isIPv6(text) || text.includes('%')) return undefined;
  // The last 4 bytes may be written as IPv4.
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const [a = 0, b = 0, c = 0, d = 0] = dotted?.[2]?.split('.').map(Number) ?? [];
  const plain = dotted
    ? `${dotted[1]}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
    : text;
  const [before = '', after] = plain.split('::');
  const words = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const [head, tail] = [words(before), words(after ?? '')];
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0');
  return [...head, ...zeros, ...tail].flatMap((word) => {
    const value = Number.parseInt(word, 16);
    return [value >> 8, value & 0xff];
  });
}
