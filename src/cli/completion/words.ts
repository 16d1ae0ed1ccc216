import type { Command } from '../command';
import type { Option } from '../options';

/** The names under which the program is installed (`bin` in package.json). */
export const PROGRAMS = ['signed-image', 'pulumi-signed-image'] as const;

/** A text that a POSIX shell and fish take as it is; fish takes `\` as an escape there, which no text has. */
export const quoted = (text: string): string => `'${text.replaceAll("'", '')}'`;

/** The first words of commands, and the second words by their first. */
export function wordTree(commands: readonly Command[]): ReadonlyMap<string, readonly string[]> {
  const tree = new Map<string, readonly string[]>();
  for (const { words } of commands) {
    const [first = '', second] = words;
    tree.set(first, [...(tree.get(first) ?? []), ...(second === undefined ? [] : [second])]);
  }
  return tree;
}

export function optionWords([name, { short }]: readonly [string, Option]): readonly string[] {
  return [`--${name}`, ...(short === undefined ? [] : [`-${short}`])];
}

export const choicesOf = (option: Option): readonly string[] =>
  option.type === 'string' ? (option.choices ?? []) : [];

export const isPath = (option: Option): boolean =>
  option.type === 'string' && option.isPath === true;

/** Choices of the first argument. */
export const argumentChoices = ({ arguments: named = [] }: Command): readonly string[] =>
  named[0]?.choices ?? [];
