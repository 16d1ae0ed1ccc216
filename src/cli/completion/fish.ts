import type { Command } from '../command';
import type { Option } from '../options';
import { argumentChoices, choicesOf, isPath, PROGRAMS, quoted, wordTree } from './words';

/** Returns a completion script for fish. */
export function fishScript(commands: readonly Command[]): string {
  const tree = wordTree(commands);
  const isOf = ({ words }: Command): string =>
    words.map((word) => `__fish_seen_subcommand_from ${word}`).join('; and ');
  const lines = (program: string): readonly string[] => [
    `complete -c ${program} -f`,
    ...[...tree.keys()].map((word) => {
      const summary = commands.find(({ words }) => words.join(' ') === word)?.summary;
      return `complete -c ${program} -n __fish_use_subcommand -a ${word} -d ${quoted(summary ?? `commands of ${word}`)}`;
    }),
    ...commands.flatMap((command) => {
      const [first = '', second] = command.words;
      const siblings = tree.get(first) ?? [];
      const word =
        second === undefined
          ? []
          : [
              `complete -c ${program} -n '__fish_seen_subcommand_from ${first}; and not __fish_seen_subcommand_from ${siblings.join(' ')}' -a ${second} -d ${quoted(command.summary)}`,
            ];
      const choices = argumentChoices(command);
      const argument =
        choices.length > 0
          ? [`complete -c ${program} -n '${isOf(command)}' -a ${quoted(choices.join(' '))}`]
          : [];
      return [
        ...word,
        ...argument,
        ...Object.entries(command.options).map(([name, option]) =>
          [
            `complete -c ${program} -n '${isOf(command)}' -l ${name}`,
            ...(option.short === undefined ? [] : [`-s ${option.short}`]),
            ...fishValue(option),
            `-d ${quoted(option.about)}`,
          ].join(' '),
        ),
      ];
    }),
  ];
  return [
    '# fish completion for signed-image; printed by `signed-image completion fish`.',
    ...PROGRAMS.flatMap(lines),
  ].join('\n');
}

function fishValue(option: Option): readonly string[] {
  if (option.type === 'boolean') return [];
  const choices = choicesOf(option);
  if (choices.length > 0) return ['-x', `-a ${quoted(choices.join(' '))}`];
  return isPath(option) ? ['-r', '-F'] : ['-x'];
}
