import { auditCluster } from './audit-cluster';
import { auditRbac } from './audit-rbac';
import { type Command, type CommandContext, UsageError } from './command';
import { EXIT, isUsageError } from './exit-codes';
import { keysGenerate, keysPublic } from './keys';
import {
  policyController,
  policyFlux,
  policyKyverno,
  policyKyvernoClusterPolicy,
  policyVap,
} from './policy';
import { SignedImageError, asSignedImageError } from '../error';
import { PACKAGE_VERSION } from '../host/package-version';

function commandList(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ words }) => words.join(' ').length));
  const lines = commands.map(
    ({ words, summary }) => `  ${words.join(' ').padEnd(width)}  ${summary}`,
  );
  return `Commands:\n${lines.join('\n')}`;
}

function overview(): string {
  return `Usage: signed-image COMMAND [OPTIONS]

${commandList(COMMANDS)}

\`signed-image COMMAND --help\` prints the options of a command.
\`signed-image --version\` prints the version.`;
}

/** Returns the help of a group of commands, such as `keys`; `undefined` for another word. */
function groupHelp(group: string | undefined): string | undefined {
  const commands = COMMANDS.filter(({ words }) => words.length > 1 && words[0] === group);
  if (group === undefined || commands.length === 0) return undefined;
  return `Usage: signed-image ${group} COMMAND [OPTIONS]

${commandList(commands)}

\`signed-image ${group} COMMAND --help\` prints the options of a command.`;
}

/** Returns the help of the command or the group that the arguments start with; `undefined` if they start with neither. */
function specificHelp(args: readonly string[]): string | undefined {
  return commandOf(args)?.help ?? groupHelp(args[0]);
}

/** Returns what is wrong with arguments that start with no command. */
function commandFault(args: readonly string[]): string {
  const [first] = args;
  if (first === undefined) return 'a command is required';
  if (first.startsWith('-')) return `unknown option ${first}`;
  if (groupHelp(first) !== undefined && (args[1] ?? '-').startsWith('-'))
    return `a command is required after "${first}"`;
  return `unknown command "${args.filter((word) => !word.startsWith('-')).join(' ')}"`;
}

function commandOf(args: readonly string[]): Command | undefined {
  return COMMANDS.find(({ words }) => words.every((word, index) => args[index] === word));
}

function reportError(error: unknown, { terminal }: CommandContext, command: Command): number {
  if (error instanceof UsageError) {
    terminal.printError(`error: ${error.message}\n\n${command.help}`);
    return EXIT.usage;
  }
  const failure =
    error instanceof SignedImageError
      ? error
      : asSignedImageError(error, {
          code: 'INTERNAL',
          message: `internal error of signed-image, please report it (${(error as Error).name})`,
        });
  terminal.printError(`error[${failure.code}]: ${failure.message}`);
  return isUsageError(failure.code) ? EXIT.usage : (command.failureCode ?? EXIT.failed);
}

/**
 * Runs one command line.
 *
 * @param args the arguments without the program's name
 * @returns the exit code, of `EXIT`
 */
export async function runCommandLine(
  args: readonly string[],
  context: CommandContext,
): Promise<number> {
  const { terminal } = context;
  const command = commandOf(args);
  const wantsHelp = args.some((word) => word === '--help' || word === '-h') || args[0] === 'help';
  const topic = args[0] === 'help' ? args.slice(1) : args;
  const isGeneral = topic.every((word) => word.startsWith('-'));
  const help = specificHelp(topic) ?? (isGeneral ? overview() : undefined);
  if (wantsHelp && help !== undefined) {
    terminal.print(help);
    return EXIT.done;
  }
  if (args[0] === '--version') {
    terminal.print(PACKAGE_VERSION);
    return EXIT.done;
  }
  if (command === undefined) {
    terminal.printError(`error: ${commandFault(topic)}\n\n${help ?? overview()}`);
    return EXIT.usage;
  }
  try {
    const code = await command.run(args.slice(command.words.length), context);
    return code ?? EXIT.done;
  } catch (error) {
    return reportError(error, context, command);
  }
}

/** All commands, in the order of the help. */
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
