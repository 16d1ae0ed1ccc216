/**
 * The code of a system error (`ECONNRESET`, `ENOENT`...), empty when it has none. Asks for no
 * `instanceof Error`: an error of Node's own may come from another realm.
 */
export function systemErrorCode(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}

/**
 * What came instead of HTTP may hold a token, and an error may be printed with all that it has. Two bytes are
 * kept: they show whether it was TLS.
 */
export function withoutPacket<T>(error: T): T {
  if (typeof error !== 'object' || error === null || !('rawPacket' in error)) return error;
  const { rawPacket } = error;
  error.rawPacket = Buffer.isBuffer(rawPacket) ? Buffer.from(rawPacket.subarray(0, 2)) : undefined;
  return error;
}
