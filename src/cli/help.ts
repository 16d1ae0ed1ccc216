import type { Command } from './command';
import { choiceList, type Option } from './options';

const WIDTH = 90;
/** A longer name has its text on the next line. */
const LONGEST_NAME = 30;

/** Breaks a paragraph into lines. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

/** Formats names and their texts in two columns. */
export function columns(rows: readonly (readonly [name: string, text: string])[]): string[] {
  const names = rows.map(([name]) => name.length).filter((length) => length <= LONGEST_NAME);
  const width = Math.max(0, ...names);
  const indent = ' '.repeat(width + 4);
  return rows.flatMap(([name, text]) => {
    const lines = wrapped(text, WIDTH - indent.length);
    if (name.length > width) return [`  ${name}`, ...lines.map((line) => `${indent}${line}`)];
    const [first = '', ...more] = lines;
    return [`  ${name.padEnd(width)}  ${first}`.trimEnd(), ...more.map((line) => indent + line)];
  });
}

/** `-o, --output FORMAT`. */
export function optionName(name: string, option: Option): string {
  const short = option.short === undefined ? '' : `-${option.short}, `;
  return `${short}--${name}${option.type === 'string' ? ` ${option.value}` : ''}`;
}

/** The meaning of an option, with its values, its default and whether it can be repeated. */
export function optionText(option: Option): string {
  if (option.type === 'boolean') return option.about;
  const { about, choices, multiple, default: value = option.absent } = option;
  const values = choices === undefined ? '' : `: ${choiceList(choices)}`;
  const initial = value === undefined ? '' : ` (default: ${value})`;
  return `${about}${values}${initial}${multiple === true ? '; can be repeated' : ''}`;
}

/** Returns the options by their headings, in the order in which they are declared. */
export function optionGroups({
  options,
}: Pick<Command, 'options'>): ReadonlyMap<string, readonly (readonly [string, Option])[]> {
  const groups = new Map<string, (readonly [string, Option])[]>();
  for (const [name, option] of Object.entries(options)) {
    const group = option.group ?? 'Options';
    groups.set(group, [...(groups.get(group) ?? []), [name, option]]);
  }
  return groups;
}

/** `signed-image keys generate [REF] [OPTIONS]`. */
export function usageLine({ words, arguments: named = [], options }: Command): string {
  const positionals = named.map(({ name, optional }) => (optional === true ? `[${name}]` : name));
  const rest = Object.keys(options).length > 0 ? ['[OPTIONS]'] : [];
  return ['signed-image', ...words, ...positionals, ...rest].join(' ');
}

/** The text of `--help` of one command. */
export async function commandHelp(command: Command): Promise<string> {
  const { about, arguments: named = [], sections } = command;
  const blocks = [
    [`Usage: ${usageLine(command)}`],
    ...about.split('\n\n').map((paragraph) => wrapped(paragraph, WIDTH)),
  ];
  if (named.length > 0) {
    blocks.push(['Arguments:', ...columns(named.map(({ name, about: text }) => [name, text]))]);
  }
  for (const [group, options] of optionGroups(command)) {
    const rows = options.map(
      ([name, option]) => [optionName(name, option), optionText(option)] as const,
    );
    blocks.push([`${group}:`, ...columns(rows)]);
  }
  for (const { title, lines } of (await sections?.()) ?? [])
    blocks.push([`${title}:`, ...lines.map((line) => `  ${line}`)]);
  return blocks.map((lines) => lines.join('\n')).join('\n\n');
}

/** The list of commands with their summaries. */
export function commandList(commands: readonly Command[]): string {
  const rows = commands.map(({ words, summary }) => [words.join(' '), summary] as const);
  return ['Commands:', ...columns(rows)].join('\n');
}
