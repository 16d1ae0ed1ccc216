/**
 * Control sequences of a terminal: CSI (colors, cursor), OSC (title, links), other strings, and escapes of one
 * character. https://ecma-international.org/publications-and-standards/standards/ecma-48/ (5.3 to 5.6)
 */
const SEQUENCES = [
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]/g,
  /(?:\u001b[\]PX^_]|[\u009d\u0090\u0098\u009e\u009f])[^\u0007\u001b\u0090-\u009f]*(?:\u0007|\u001b\\|\u009c)/g,
  /\u001b[ -/]*[0-~]/g,
];

/** Control characters except the tab; ends of lines are not part of a line. */
const CONTROLS = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g;

/**
 * Returns a line of output as plain text. A step can print anything: a control sequence changes the terminal on which
 * the line is shown, and one within a secret (`grep --color`) prevents its redaction.
 */
export function plainText(line: string): string {
  if (line.search(CONTROLS) < 0) return line;
  return SEQUENCES.reduce((text, sequence) => text.replace(sequence, ''), line).replace(
    CONTROLS,
    '',
  );
}
