import { asSignedImageError, SignedImageError } from '../error';
import { nearestName } from '../error/unknown-name';
import { PACKAGE_VERSION } from '../host/package-version';
import type { Command, CommandContext } from './command';
import { COMMANDS } from './commands';
import { EXIT, isUsageError } from './exit-codes';
import { commandHelp, commandList } from './help';
import { UsageError } from './options';

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
async function specificHelp(args: readonly string[]): Promise<string | undefined> {
  const command = commandOf(args);
  return command === undefined ? groupHelp(args[0]) : commandHelp(command);
}

/** Returns what is wrong with arguments that start with no command. */
function commandFault(args: readonly string[]): string {
  const [first] = args;
  if (first === undefined) return 'a command is required';
  if (first.startsWith('-')) return `unknown option ${first}`;
  if (groupHelp(first) !== undefined && (args[1] ?? '-').startsWith('-'))
    return `a command is required after "${first}"`;
  const given = args.filter((word) => !word.startsWith('-')).join(' ');
  const nearest = nearestName(
    given,
    COMMANDS.map(({ words }) => words.join(' ')),
  );
  const suggestion = nearest === undefined ? '' : `; did you mean "${nearest}"?`;
  return `unknown command "${given}"${suggestion}`;
}

function commandOf(args: readonly string[]): Command | undefined {
  return COMMANDS.find(({ words }) => words.every((word, index) => args[index] === word));
}

/** Returns the exit code of a command line whose result cannot be written. */
export function writeFailureCode(args: readonly string[]): number {
  return commandOf(args)?.failureCode ?? EXIT.failed;
}

async function reportError(
  error: unknown,
  { terminal }: CommandContext,
  command: Command,
): Promise<number> {
  if (error instanceof UsageError) {
    terminal.printError(`error: ${error.message}\n\n${await commandHelp(command)}`);
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

/** Whether the arguments ask for help; what follows `--` is data. */
function wantsHelp(args: readonly string[]): boolean {
  const options = args.slice(0, args.includes('--') ? args.indexOf('--') : undefined);
  return args[0] === 'help' || options.some((word) => word === '--help' || word === '-h');
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
  const topic = args[0] === 'help' ? args.slice(1) : args;
  if (wantsHelp(args)) {
    const isGeneral = topic.every((word) => word.startsWith('-'));
    const help = (await specificHelp(topic)) ?? (isGeneral ? overview() : undefined);
    if (help !== undefined) {
      terminal.print(help);
      return EXIT.done;
    }
  }
  if (args[0] === '--version') {
    terminal.print(PACKAGE_VERSION);
    return EXIT.done;
  }
  const command = commandOf(args);
  if (command === undefined) {
    const help = (await specificHelp(topic)) ?? overview();
    terminal.printError(`error: ${commandFault(topic)}\n\n${help}`);
    return EXIT.usage;
  }
  try {
    const code = await command.run(args.slice(command.words.length), context);
    return code ?? EXIT.done;
  } catch (error) {
    return reportError(error, context, command);
  }
}
