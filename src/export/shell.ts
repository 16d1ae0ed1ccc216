const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** Quotes one argument for a POSIX shell. */
export function quoted(argument: string): string {
  return PLAIN.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}

/** Formats a command over several lines: an option and its value share a line. */
export function command(program: string, ...lines: readonly (readonly string[])[]): string {
  const parts = lines.filter((line) => line.length > 0).map((line) => line.map(quoted).join(' '));
  return [program, ...parts].join(' \\\n  ');
}
