/** Longer names need an extension of the format. */
const MAX_NAME_BYTES = 100;
const BLOCK = 512;

/** Encodes a file entry of a tar archive (POSIX ustar), without owner and time. */
function tarEntry(name: string, content: Buffer): Buffer {
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) throw new Error(`the name ${name} is too long`);
  const header = Buffer.alloc(BLOCK);
  const octal = (value: number, width: number): string =>
    `${value.toString(8).padStart(width, '0')}\0`;
  header.write(name, 0);
  header.write(octal(0o644, 7), 100);
  header.write(octal(0, 7), 108);
  header.write(octal(0, 7), 116);
  header.write(octal(content.length, 11), 124);
  header.write(octal(0, 11), 136);
  header.write(' '.repeat(8), 148);
  header.write('0', 156);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const padding = Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK);
  return Buffer.concat([header, content, padding]);
}

/** Encodes a tar archive with these files. The same files in the same order result in the same bytes. */
export function tarArchive(files: readonly (readonly [name: string, content: Buffer])[]): Buffer {
  const entries = files.map(([name, content]) => tarEntry(name, content));
  return Buffer.concat([...entries, Buffer.alloc(2 * BLOCK)]);
}
