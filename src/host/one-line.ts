/** Removes line breaks and terminal control characters from untrusted text. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}

/** Removes terminal control characters from text that may quote what others wrote, except for line breaks and tabs. */
export function shownLines(text: string): string {
  return text.replaceAll(/(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ');
}
