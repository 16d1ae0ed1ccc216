import { type Command, defineCommand } from '../command';
import { bashScript } from './bash';
import { fishScript } from './fish';
import { zshScript } from './zsh';

/** The shells that a script can be printed for. */
const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

const SCRIPTS: Readonly<Record<Shell, (commands: readonly Command[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** `signed-image completion`; `commands` returns all commands, this one included. */
export function completionCommand(commands: () => readonly Command[]): Command {
  return defineCommand({
    words: ['completion'],
    summary: 'print a completion script for bash, zsh or fish',
    about: `Prints a script with which the shell completes commands, options and their values.`,
    arguments: [{ name: 'SHELL', about: 'bash, zsh or fish', choices: SHELLS }],
    options: {},
    sections: async () => [
      {
        title: 'Examples',
        lines: [
          'bash: source <(signed-image completion bash)',
          'zsh:  signed-image completion zsh > "${fpath[1]}/_signed-image"',
          'fish: signed-image completion fish > ~/.config/fish/completions/signed-image.fish',
        ],
      },
    ],
    async run({ positionals: [shell] }, { terminal }) {
      terminal.print(SCRIPTS[shell as Shell](commands()));
    },
  });
}
