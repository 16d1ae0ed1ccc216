import { SignedImageError } from '../error';

/** The file with the SHA-256 of every other file, as `sha256sum` writes it. */
export const CHECKSUMS_FILE = 'checksums.txt';

export function checksumsText(checksums: ReadonlyMap<string, string>): Buffer {
  const lines = [...checksums]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, checksum]) => `${checksum}  ${path}\n`);
  return Buffer.from(lines.join(''), 'utf8');
}

/**
 * Parses checksums. A path stays below the folder.
 *
 * @throws SignedImageError `CONTENT_MALFORMED`
 */
export function parseChecksums(text: string): ReadonlyMap<string, string> {
  const checksums = new Map<string, string>();
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '') continue;
    const [, checksum, path] = /^([0-9a-f]{64}) {2}([A-Za-z0-9._/-]+)$/.exec(line) ?? [];
    const isInside = path?.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
    if (checksum === undefined || path === undefined || isInside !== true) {
      throw new SignedImageError({
        code: 'CONTENT_MALFORMED',
        message: `${CHECKSUMS_FILE} line ${index + 1} is not a checksum`,
      });
    }
    checksums.set(path, checksum);
  }
  return checksums;
}
