/**
 * The two messages of the SPIFFE Workload API that are used, in protobuf's wire format:
 * https://github.com/spiffe/spiffe/blob/main/standards/workloadapi.proto (JWTSVIDRequest.audience = 1,
 * JWTSVIDResponse.svids = 1, JWTSVID.svid = 2), https://protobuf.dev/programming-guides/encoding/
 */
const LENGTH_DELIMITED = 2;
/** Bytes of a field that has a fixed size, by its wire type. */
const FIXED: Readonly<Record<number, number>> = { 1: 8, 5: 4 };

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}

/** Encodes a JWTSVIDRequest for one audience. */
export function encodeJwtSvidRequest(audience: string): Buffer {
  const text = Buffer.from(audience, 'utf8');
  return Buffer.from([(1 << 3) | LENGTH_DELIMITED, ...varint(text.length), ...text]);
}

class Reader {
  private position = 0;

  constructor(private readonly bytes: Buffer) {}

  get atEnd(): boolean {
    return this.position >= this.bytes.length;
  }

  number(): number {
    let value = 0;
    for (let shift = 0; shift < 64; shift += 7) {
      const byte = this.bytes[this.position];
      if (byte === undefined) break;
      this.position += 1;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError('a number does not end');
  }

  take(length: number): Buffer {
    const end = this.position + length;
    if (end > this.bytes.length) throw new RangeError('a field is longer than its message');
    const field = this.bytes.subarray(this.position, end);
    this.position = end;
    return field;
  }
}

/** Returns the length-delimited fields of a message with this number; others are skipped. */
function fieldsOf(message: Buffer, wanted: number): readonly Buffer[] {
  const reader = new Reader(message);
  const found: Buffer[] = [];
  while (!reader.atEnd) {
    const tag = reader.number();
    const type = tag % 8;
    if (type === LENGTH_DELIMITED) {
      const field = reader.take(reader.number());
      if (Math.floor(tag / 8) === wanted) found.push(field);
    } else if (type === 0) {
      reader.number();
    } else {
      const size = FIXED[type];
      if (size === undefined) throw new RangeError('a field of an unknown type');
      reader.take(size);
    }
  }
  return found;
}

/**
 * Decodes the tokens in a JWTSVIDResponse, in order: the first is the workload's default identity.
 *
 * @throws RangeError if it is not a valid message
 */
export function decodeJwtSvids(response: Buffer): readonly string[] {
  return fieldsOf(response, 1).flatMap((svid) =>
    fieldsOf(svid, 2).map((token) => token.toString('utf8')),
  );
}
