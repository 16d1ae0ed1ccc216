const LONGEST = 120;

/** Of text from a file, what fits into a message. */
export function excerpt(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}...`;
}
