/** A text that may need disproportionate time or memory in a parser. */
export interface Excess {
  readonly name: string;
  readonly text: (bytes: number) => string;
}

const filled = (item: string, bytes: number): string =>
  item.repeat(Math.max(0, Math.floor(bytes / item.length)));

const names = (bytes: number, name: (at: number) => string): string => {
  const members: string[] = [];
  for (let size = 0, at = 0; size < bytes - 32; at += 1) {
    const member = `${JSON.stringify(name(at))}:0`;
    size += member.length + 1;
    members.push(member);
  }
  return `{${members.join(',')}}`;
};

const list = (item: string): Excess => ({
  name: `a list of ${item}`,
  text: (bytes) => `{"x":[${filled(item, bytes - 16)}0]}`,
});

/** Attacks on JSON parsers. */
export const JSON_EXCESS: readonly Excess[] = [
  ...['{},', '[],', '0,', '"",', '{"a":{}},', '1e9,'].map(list),
  { name: 'lists in one another', text: (bytes) => '['.repeat(bytes) },
  {
    name: 'objects in one another',
    text: (bytes) => `${'{"a":'.repeat(bytes / 6)}0${'}'.repeat(bytes / 6)}`,
  },
  {
    // An input that is refused is also part of a message.
    name: 'a message of lists in one another',
    text: (bytes) => `{"message":${'['.repeat(bytes / 2 - 8)}${']'.repeat(bytes / 2 - 8)}}`,
  },
  { name: 'a number of many digits', text: (bytes) => `{"size":${'9'.repeat(bytes - 10)}}` },
  { name: 'a fraction of many digits', text: (bytes) => `{"size":0.${'0'.repeat(bytes - 12)}1}` },
  { name: 'a long string', text: (bytes) => `{"x":"${'x'.repeat(bytes - 8)}"}` },
  { name: 'a string of escapes', text: (bytes) => `{"x":"${filled('\\u0061', bytes - 8)}"}` },
  { name: 'a string of quotes', text: (bytes) => `{"x":"${filled('\\"', bytes - 8)}"}` },
  { name: 'a string of backslashes', text: (bytes) => `{"x":"${filled('\\\\', bytes - 8)}"}` },
  { name: 'a string without end', text: (bytes) => `{"x":"${filled('\\"', bytes - 8)}` },
  { name: 'a long name', text: (bytes) => `{"${'x'.repeat(bytes - 8)}":0}` },
  { name: 'many names', text: (bytes) => names(bytes, (at) => `name${at}`) },
  { name: 'many numbers as names', text: (bytes) => names(bytes, (at) => `${at * 17}`) },
  { name: 'many escaped names', text: (bytes) => names(bytes, (at) => `\n${at}`) },
  { name: 'one name many times', text: (bytes) => names(bytes, () => '__proto__') },
  { name: 'white space', text: (bytes) => `{${' '.repeat(bytes - 2)}}` },
];

/** Attacks on parsers of lines and of PEM. */
export const TEXT_EXCESS: readonly Excess[] = [
  { name: 'empty lines', text: (bytes) => '\n'.repeat(bytes) },
  { name: 'one long line', text: (bytes) => 'a'.repeat(bytes) },
  { name: 'stars', text: (bytes) => filled('*a', bytes) },
  { name: 'double stars', text: (bytes) => filled('**/', bytes) },
  { name: 'open brackets', text: (bytes) => '['.repeat(bytes) },
  { name: 'many short patterns', text: (bytes) => filled('!a\n', bytes) },
  { name: 'continued lines', text: (bytes) => filled('RUN a \\\n', bytes) },
  { name: 'many stages', text: (bytes) => filled('FROM a AS b\n', bytes) },
  { name: 'open variables', text: (bytes) => `FROM ${filled('${a:-', bytes)}` },
  { name: 'many arguments', text: (bytes) => filled('ARG a=$a$a\n', bytes) },
  { name: 'heredocs without end', text: (bytes) => `FROM a\n${filled('RUN <<E\n', bytes)}` },
  { name: 'quotes', text: (bytes) => `FROM ${filled(`"'`, bytes)}` },
  { name: 'backslashes', text: (bytes) => `FROM ${'\\'.repeat(bytes)}` },
  { name: 'a JSON form in one another', text: (bytes) => `FROM a\nCMD ${'['.repeat(bytes)}` },
  { name: 'comments', text: (bytes) => filled('# syntax=a\n', bytes) },
  {
    name: 'many begins of PEM',
    text: (bytes) => filled('-----BEGIN CERTIFICATE-----\n', bytes),
  },
  { name: 'dashes', text: (bytes) => '-'.repeat(bytes) },
  {
    name: 'one long body of PEM',
    text: (bytes) =>
      `-----BEGIN CERTIFICATE-----\n${'A'.repeat(bytes)}\n-----END CERTIFICATE-----\n`,
  },
  { name: 'NUL bytes', text: (bytes) => '\0'.repeat(bytes) },
];

const tlv = (tag: number, length: readonly number[], value: Buffer): Buffer =>
  Buffer.concat([Buffer.from([tag, ...length]), value]);

/** Nested from the inside: each length is the size of the content so far. */
function nested(tag: number, levels: number): Buffer {
  const bytes = Buffer.alloc(levels * 6);
  for (let level = 0; level < levels; level += 1) {
    const at = (levels - 1 - level) * 6;
    bytes[at] = tag;
    bytes[at + 1] = 0x84;
    bytes.writeUInt32BE(level * 6, at + 2);
  }
  return bytes;
}

/** DER with lengths and nesting that do not occur in certificates, timestamps or signatures. */
export const DER_EXCESS: Readonly<Record<string, (bytes: number) => Buffer>> = {
  'a length of four gigabytes': () => tlv(0x30, [0x84, 255, 255, 255, 255], Buffer.alloc(100)),
  'a length of 127 bytes': () =>
    tlv(0x30, [0xff, ...Array<number>(127).fill(255)], Buffer.alloc(9)),
  'an indefinite length': () => tlv(0x30, [0x80], Buffer.alloc(100, 0x30)),
  'sequences in one another': (bytes) => nested(0x30, Math.floor(bytes / 6)),
  'octet strings in one another': (bytes) => nested(0x04, Math.floor(bytes / 6)),
  'many empty sequences': (bytes) =>
    tlv(
      0x30,
      [0x84, ...[24, 16, 8, 0].map((at) => (bytes >> at) & 255)],
      Buffer.alloc(bytes, Buffer.from([0x30, 0])),
    ),
  'a long integer': (bytes) =>
    tlv(
      0x02,
      [0x84, ...[24, 16, 8, 0].map((at) => (bytes >> at) & 255)],
      Buffer.alloc(bytes, 0x7f),
    ),
  'a long object identifier': (bytes) =>
    tlv(
      0x06,
      [0x84, ...[24, 16, 8, 0].map((at) => (bytes >> at) & 255)],
      Buffer.alloc(bytes, 0xff),
    ),
};
