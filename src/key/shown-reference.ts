/** A PIN at any position of a `pkcs11:` URI. */
const PIN = /(pin-value=)[^&;]*/gi;

/** Whether the reference contains the PIN of a token. */
export function holdsPin(ref: string): boolean {
  return ref.search(PIN) >= 0;
}

/** Whether the reference contains the key or its PIN. */
export function isSecretReference(ref: string): boolean {
  return ref.includes('-----BEGIN') || holdsPin(ref);
}

/** Returns the reference without its secrets, safe to show and store. */
export function shownReference(ref: string): string {
  return ref.includes('-----BEGIN') ? 'PEM text, not stored' : ref.replace(PIN, '$1not-stored');
}
