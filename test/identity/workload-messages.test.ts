import { BinaryReader, BinaryWriter } from 'google-protobuf';

import { decodeJwtSvids, encodeJwtSvidRequest } from '../../src/identity/workload-messages';

describe('a message of the SPIFFE Workload API', () => {
  it.each(['sigstore', '', 'é'.repeat(100), 'x'.repeat(20_000)])(
    'requests one audience as a protobuf library reads it (%#)',
    (audience) => {
      const reader = new BinaryReader(new Uint8Array(encodeJwtSvidRequest(audience)));
      expect(reader.nextField()).toBe(true);
      expect(reader.getFieldNumber()).toBe(1);
      expect(reader.readString()).toBe(audience);
      expect(reader.nextField()).toBe(false);
    },
  );

  it('is read past fields that are not known, of every type', () => {
    const svid = new BinaryWriter();
    svid.writeUint64(7, 2 ** 40);
    svid.writeFixed32(8, 1);
    svid.writeFixed64(9, 1);
    svid.writeString(2, 'token');
    svid.writeString(3, 'hint');
    const answer = new BinaryWriter();
    answer.writeUint32(5, 300);
    const bytes = svid.getResultBuffer();
    answer.writeBytes(1, bytes);
    answer.writeBytes(1, bytes);
    expect(decodeJwtSvids(Buffer.from(answer.getResultBuffer()))).toEqual(['token', 'token']);
  });

  it.each([
    ['is cut', [0x0a, 0x05, 0x12]],
    ['has a number without end', Array<number>(12).fill(0xff)],
    ['has a group', [0x0b]],
    ['ends in a tag', [0x80]],
  ])('that %s is refused', (_, bytes) => {
    expect(() => decodeJwtSvids(Buffer.from(bytes))).toThrow(RangeError);
  });

  it('without anything in it has no token', () => {
    expect(decodeJwtSvids(Buffer.alloc(0))).toEqual([]);
  });
});
