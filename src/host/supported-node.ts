/**
 * Whether a version of Node (`v24.1.2`) meets a requirement of the form `>=22.22.2`. A requirement of another form is met.
 */
export function isSupportedNode(version: string, requirement: string): boolean {
  const numbers = (pattern: RegExp, text: string): readonly number[] =>
    pattern.exec(text)?.slice(1).map(Number) ?? [];
  const wanted = numbers(/^>=(\d+)\.(\d+)\.(\d+)$/, requirement);
  const found = numbers(/^v(\d+)\.(\d+)\.(\d+)/, version);
  const index = wanted.findIndex((part, at) => part !== found[at]);
  return index === -1 || (found[index] ?? 0) > (wanted[index] ?? 0);
}
