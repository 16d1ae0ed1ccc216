import type { Command } from '../command';
import type { Option } from '../options';
import {
  argumentChoices,
  choicesOf,
  isPath,
  optionWords,
  PROGRAMS,
  quoted,
  wordTree,
} from './words';

/** A text within a specification of `_arguments`, where brackets and colons have a meaning. */
const zshText = (text: string): string => text.replaceAll(/[[\]:\\]/g, '\\$&').replaceAll("'", '');

function zshOption(entry: readonly [string, Option]): string {
  const [, option] = entry;
  const words = optionWords(entry);
  const names = words.length > 1 ? `{${words.join(',')}}` : (words[0] ?? '');
  const repeat = option.type === 'string' && option.multiple === true ? '*' : '';
  const text = `[${zshText(option.about)}]`;
  const choices = choicesOf(option);
  const action = choices.length > 0 ? `(${choices.join(' ')})` : isPath(option) ? '_files' : ' ';
  const value = option.type === 'string' ? `:${option.value}:${action}` : '';
  return words.length > 1
    ? `${repeat === '' ? '' : "'*'"}${names}'${text}${value}'`
    : `'${repeat}${names}${text}${value}'`;
}

/** Returns a completion script for zsh, to be installed in `fpath` or sourced. */
export function zshScript(commands: readonly Command[]): string {
  const tree = wordTree(commands);
  const groups = [...tree].filter(([, words]) => words.length > 0);
  const summaries = (chosen: readonly Command[], index: number): string =>
    chosen.map(({ words, summary }) => `'${words[index]}:${zshText(summary)}'`).join(' ');
  const first = [...tree.keys()].map((word) => {
    const command = commands.find(({ words }) => words.join(' ') === word);
    return `'${word}:${zshText(command?.summary ?? `commands of ${word}`)}'`;
  });
  return [
    `#compdef ${PROGRAMS.join(' ')}`,
    '# zsh completion for signed-image; printed by `signed-image completion zsh`.',
    '_signed_image() {',
    '  local -a commands',
    '  if (( CURRENT == 2 )); then',
    `    commands=(${first.join(' ')})`,
    "    _describe 'command' commands",
    '    return',
    '  fi',
    '  if (( CURRENT == 3 )); then',
    '    case "$words[2]" in',
    ...groups.map(
      ([word]) =>
        `      ${word}) commands=(${summaries(
          commands.filter(({ words }) => words[0] === word),
          1,
        )}); _describe 'command' commands; return ;;`,
    ),
    '    esac',
    '  fi',
    '  case "$words[2] $words[3]" in',
    ...commands.flatMap((command) => {
      const choices = argumentChoices(command);
      const argument =
        choices.length > 0 ? `'1:${'argument'}:(${choices.join(' ')})'` : "'*:file:_files'";
      const specs = [...Object.entries(command.options).map(zshOption), "'--help[print the help]'"];
      // The words of the command are removed: what follows is completed as its arguments.
      const shift = command.words.length;
      return [
        `    ${quoted(command.words.join(' '))}*)`,
        `      shift ${shift} words; (( CURRENT -= ${shift} ))`,
        `      _arguments ${[...specs, argument].join(' \\\n        ')} ;;`,
      ];
    }),
    '  esac',
    '}',
    '# Loaded by compinit, or sourced.',
    'if [ "$funcstack[1]" = "_signed_image" ] || [ "$funcstack[1]" = "_signed-image" ]; then',
    '  _signed_image "$@"',
    'else',
    `  compdef _signed_image ${PROGRAMS.join(' ')}`,
    'fi',
  ].join('\n');
}
