/**
 * Returns a line of Markdown without its code spans, by the rule of CommonMark: a run of backticks opens
 * a span that the next run of the same length closes.
 *
 * https://spec.commonmark.org/0.31.2/#code-spans
 */
export function withoutCodeSpans(line: string): string {
  let rest = line;
  let text = '';
  for (;;) {
    const open = /`+/.exec(rest);
    if (open === null) return text + rest;
    const after = rest.slice(open.index + open[0].length);
    const close = [...after.matchAll(/`+/g)].find(([run]) => run.length === open[0].length);
    text += rest.slice(0, open.index);
    if (close === undefined) return text + rest.slice(open.index);
    rest = after.slice(close.index + open[0].length);
  }
}
