// Writes the commands and options into docs/reference/cli.md: `node dev/run.mjs docs`.
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import type { Command } from '../../src/cli/command';
import { COMMANDS } from '../../src/cli/commands';
import { optionGroups, optionName, optionText, usageLine } from '../../src/cli/help';

const PAGE = join(resolve(__dirname, '../..'), 'docs/reference/cli.md');
const BEGIN =
  '<!-- Generated from src/cli by `node dev/run.mjs docs`. Do not edit up to the next comment. -->';
const END = '<!-- End of the generated part. -->';

/** A cell of a table: one line, with `|` escaped. */
const cell = (text: string): string => text.replaceAll(/\s*\n\s*/g, ' ').replaceAll('|', '\\|');

const table = (head: string, rows: readonly (readonly [string, string])[]): readonly string[] =>
  rows.length === 0
    ? []
    : [
        '',
        `| ${head} | meaning |`,
        '| --- | --- |',
        ...rows.map(([name, text]) => `| \`${cell(name)}\` | ${cell(text)} |`),
      ];

function commandPart(command: Command): readonly string[] {
  const { words, about, arguments: named = [] } = command;
  const groups = [...optionGroups(command)].flatMap(([group, options]) =>
    table(
      group === 'Options' ? 'option' : group,
      options.map(([name, option]) => [optionName(name, option), optionText(option)] as const),
    ),
  );
  return [
    '',
    `### ${words.join(' ')}`,
    '',
    '```sh',
    usageLine(command),
    '```',
    '',
    about,
    ...table(
      'argument',
      named.map(({ name, about: text }) => [name, text] as const),
    ),
    ...groups,
  ];
}

/** The generated part of the page. */
export function commandReference(): string {
  const rows = COMMANDS.map(
    ({ words, summary }) => `| [\`${words.join(' ')}\`](#${words.join('-')}) | ${cell(summary)} |`,
  );
  return [
    BEGIN,
    '',
    '## Commands',
    '',
    '| command | result |',
    '| --- | --- |',
    ...rows,
    ...COMMANDS.flatMap(commandPart),
    '',
    END,
  ].join('\n');
}

/** Replaces the generated part of the page's text. */
export function withCommandReference(page: string): string {
  const [before, rest = ''] = page.split(BEGIN);
  const [, after = ''] = rest.split(END);
  return `${before}${commandReference()}${after}`;
}

if (require.main === module) writeFileSync(PAGE, withCommandReference(readFileSync(PAGE, 'utf8')));
