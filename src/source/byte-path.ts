/**
 * Converts a path to a byte path: a latin1 string with one character per byte and `/` as separator. On POSIX
 * systems file names are bytes; as strings they can be compared and used as keys.
 */
export function bytePath(path: string): string {
  const bytes = Buffer.from(path, 'utf8').toString('latin1');
  return process.platform === 'win32' ? bytes.replaceAll('\\', '/') : bytes;
}

/** Converts a byte path to text for messages; bytes that are not UTF-8 become U+FFFD. */
export function toDisplayText(path: string): string {
  return Buffer.from(path, 'latin1').toString('utf8');
}

export function byteOrder(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
