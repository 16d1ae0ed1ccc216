/** One instruction of a Dockerfile, its continuation lines joined. */
export interface Instruction {
  /** Upper case. */
  readonly keyword: string;
  readonly text: string;
}

/** https://docs.docker.com/reference/dockerfile/#format */
export function parseInstructions(dockerfile: string): readonly Instruction[] {
  const lines = dockerfile.replace(/^\uFEFF/, '').split(/\r?\n/);
  const continued = new RegExp(`${escapeCharacter(lines) === '`' ? '`' : '\\\\'}[ \\t]*$`);
  const instructions: Instruction[] = [];
  let pending: string | undefined;
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    // Comments and empty lines do not end a continuation.
    if (/^\s*(?:#|$)/.test(line)) continue;
    const joined: string = pending === undefined ? line : pending + line;
    if (continued.test(line) && at < lines.length - 1) {
      pending = joined.replace(continued, '');
      continue;
    }
    pending = undefined;
    const instruction = parseInstruction(joined);
    if (!instruction) continue;
    instructions.push(instruction);
    at = endOfHeredocs(instruction, lines, at);
  }
  const last = pending === undefined ? undefined : parseInstruction(pending);
  return last ? [...instructions, last] : instructions;
}

function parseInstruction(text: string): Instruction | undefined {
  const match = /^\s*([A-Za-z]+)(?:\s+([\s\S]*))?$/.exec(text);
  if (!match) return undefined;
  return { keyword: (match[1] ?? '').toUpperCase(), text: (match[2] ?? '').trim() };
}

/** The escape character that the file declares; default: a backslash. */
export function escapeDirective(dockerfile: string): string {
  return escapeCharacter(dockerfile.replace(/^\uFEFF/, '').split(/\r?\n/));
}

/** https://docs.docker.com/reference/dockerfile/#parser-directives: only before anything else. */
function escapeCharacter(lines: readonly string[]): string {
  for (const line of lines) {
    const directive = /^\s*#\s*([A-Za-z]+)\s*=\s*(.*?)\s*$/.exec(line);
    if (!directive) break;
    if (directive[1]?.toLowerCase() === 'escape') return directive[2] ?? '\\';
  }
  return '\\';
}

/** https://docs.docker.com/reference/dockerfile/#here-documents: their lines are no instructions. */
function endOfHeredocs(
  { keyword, text }: Instruction,
  lines: readonly string[],
  start: number,
): number {
  if (!['RUN', 'COPY', 'ADD'].includes(keyword)) return start;
  let at = start;
  for (const [, stripsTabs, , word] of text.matchAll(/<<(-?)(["']?)([A-Za-z_][A-Za-z0-9_.]*)\2/g)) {
    const ends = (line: string): boolean => (stripsTabs ? line.replace(/^\t+/, '') : line) === word;
    const end = lines.findIndex((line, index) => index > at && ends(line));
    // Without an end it was no here-document (`$((1<<SHIFT))`), or the builder refuses the file.
    if (end > 0) at = end;
  }
  return at;
}
