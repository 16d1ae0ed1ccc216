/**
 * Paths as bytes, which names of files are on POSIX systems: in latin1, one character a byte, with `/`. As
 * strings they can be compared and be keys.
 */
export function bytePath(path: string): string {
  const bytes = Buffer.from(path, 'utf8').toString('latin1');
  return process.platform === 'win32' ? bytes.replaceAll('\\', '/') : bytes;
}

/** The text of a byte path for a person; bytes that are not UTF-8 are shown as U+FFFD. */
export function shownText(path: string): string {
  return Buffer.from(path, 'latin1').toString('utf8');
}

export function byteOrder(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
