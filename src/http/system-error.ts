/**
 * The code of a system error (`ECONNRESET`, `ENOENT`...), empty when it has none. Asks for no
 * `instanceof Error`: an error of Node's own may come from another realm.
 */
export function systemErrorCode(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}
