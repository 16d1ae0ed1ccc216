/** A CEL string literal. https://github.com/google/cel-spec/blob/master/doc/langdef.md#string-and-bytes-values */
export function celString(text: string): string {
  // JSON's escapes are CEL's, too.
  return JSON.stringify(text);
}

/** A CEL list of strings. */
export function celStrings(texts: readonly string[]): string {
  return `[${texts.map(celString).join(', ')}]`;
}
