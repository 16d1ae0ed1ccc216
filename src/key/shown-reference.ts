/** A PIN in a `pkcs11:` URI, wherever it stands. */
const PIN = /(pin-value=)[^&;]*/gi;

/** Whether the reference holds the PIN of a token. */
export function holdsPin(ref: string): boolean {
  return ref.search(PIN) >= 0;
}

/** Whether the reference holds the key, or the PIN to it. */
export function isSecretReference(ref: string): boolean {
  return ref.includes('-----BEGIN') || holdsPin(ref);
}

/** Where the key is, without what is a secret in it: may be shown and stored. */
export function shownReference(ref: string): string {
  return ref.includes('-----BEGIN') ? 'PEM text, not stored' : ref.replace(PIN, '$1not-stored');
}
