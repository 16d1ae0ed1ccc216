import { auditCluster } from './audit-cluster';
import { auditRbac } from './audit-rbac';
import { type Command, type CommandContext, UsageError } from './command';
import { keysGenerate, keysPublic } from './keys';
import {
  policyController,
  policyFlux,
  policyKyverno,
  policyKyvernoClusterPolicy,
  policyVap,
} from './policy';
import { SignedImageError, asSignedImageError } from '../error';

/** What the process ends with. */
export const EXIT = { done: 0, failed: 1, usage: 2 } as const;

function overview(): string {
  const width = Math.max(...COMMANDS.map(({ words }) => words.join(' ').length));
  const lines = COMMANDS.map(
    ({ words, summary }) => `  ${words.join(' ').padEnd(width)}  ${summary}`,
  );
  return `Usage: signed-image COMMAND [OPTIONS]

Commands:
${lines.join('\n')}

\`signed-image COMMAND --help\` tells the options of a command.`;
}

function commandOf(args: readonly string[]): Command | undefined {
  return COMMANDS.find(({ words }) => words.every((word, index) => args[index] === word));
}

function reportError(error: unknown, { terminal }: CommandContext, command: Command): number {
  if (error instanceof UsageError) {
    terminal.tell(`error: ${error.message}\n\n${command.help}`);
    return EXIT.usage;
  }
  const told =
    error instanceof SignedImageError
      ? error
      : asSignedImageError(error, {
          code: 'INTERNAL',
          message: `this is a defect of signed-image, please report it (${(error as Error).name})`,
        });
  terminal.tell(`error[${told.code}]: ${told.message}`);
  return command.exitCodeOf?.(told) ?? EXIT.failed;
}

/**
 * Runs one command line.
 *
 * @param args without the program's name
 * @returns the exit code: 0 done, 1 failed, 2 called in a wrong way; a command may have others
 */
export async function runCommandLine(
  args: readonly string[],
  world: CommandContext,
): Promise<number> {
  const { terminal } = world;
  const command = commandOf(args);
  const asksHelp = args.some((word) => word === '--help' || word === '-h') || args[0] === 'help';
  if (asksHelp) {
    terminal.print(command?.help ?? overview());
    return EXIT.done;
  }
  if (command === undefined) {
    const called = args.filter((word) => !word.startsWith('-')).join(' ');
    const fault = called === '' ? 'a command is missing' : `there is no command "${called}"`;
    terminal.tell(`error: ${fault}\n\n${overview()}`);
    return EXIT.usage;
  }
  try {
    const code = await command.run(args.slice(command.words.length), world);
    return code ?? EXIT.done;
  } catch (error) {
    return reportError(error, world, command);
  }
}

/** All subcommands, in the order in which help lists them. */
export const COMMANDS: readonly Command[] = [
  keysGenerate,
  keysPublic,
  auditCluster,
  auditRbac,
  policyVap,
  policyKyverno,
  policyKyvernoClusterPolicy,
  policyController,
  policyFlux,
];
