import type { Command } from '../command';
import {
  argumentChoices,
  choicesOf,
  isPath,
  optionWords,
  PROGRAMS,
  quoted,
  wordTree,
} from './words';

/** Returns a completion script for bash. */
export function bashScript(commands: readonly Command[]): string {
  const tree = wordTree(commands);
  const groups = [...tree].filter(([, words]) => words.length > 0);
  const lines = commands.flatMap((command) => {
    const options = Object.entries(command.options);
    const withValues = options.filter(([, option]) => option.type === 'string');
    const cases = withValues.map((entry) => {
      const [, option] = entry;
      const choices = choicesOf(option);
      const reply =
        choices.length > 0
          ? `COMPREPLY=($(compgen -W ${quoted(choices.join(' '))} -- "$cur"))`
          : isPath(option)
            ? 'COMPREPLY=($(compgen -f -- "$cur"))'
            : ':';
      return `        ${optionWords(entry).join('|')}) ${reply}; return ;;`;
    });
    const words = [...argumentChoices(command), ...options.flatMap(optionWords), '--help'];
    return [
      `    ${quoted(command.words.join(' '))}*)`,
      ...(cases.length > 0 ? ['      case "$prev" in', ...cases, '      esac'] : []),
      `      COMPREPLY=($(compgen -W ${quoted(words.join(' '))} -- "$cur")) ;;`,
    ];
  });
  return [
    '# bash completion for signed-image; printed by `signed-image completion bash`.',
    '_signed_image() {',
    '  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}',
    '  COMPREPLY=()',
    '  if [ "$COMP_CWORD" -eq 1 ]; then',
    `    COMPREPLY=($(compgen -W ${quoted([...tree.keys(), 'help', '--help', '--version'].join(' '))} -- "$cur"))`,
    '    return',
    '  fi',
    '  if [ "$COMP_CWORD" -eq 2 ]; then',
    '    case "${COMP_WORDS[1]}" in',
    ...groups.map(
      ([first, words]) =>
        `      ${first}) COMPREPLY=($(compgen -W ${quoted(words.join(' '))} -- "$cur")); return ;;`,
    ),
    '    esac',
    '  fi',
    '  case "${COMP_WORDS[1]} ${COMP_WORDS[2]}" in',
    ...lines,
    '  esac',
    '}',
    ...PROGRAMS.map((name) => `complete -o default -F _signed_image ${name}`),
  ].join('\n');
}
