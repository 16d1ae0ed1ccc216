import type { SigningHost } from '../sign';
import { choiceList, type OptionValues, type Options, parseOptions, UsageError } from './options';
import type { Terminal } from './terminal';

/** The environment of a command. */
export interface CommandContext {
  readonly terminal: Terminal;
  readonly host: SigningHost;
}

/** An argument without a name. */
export interface Argument {
  /** In capitals: `IMAGE`. */
  readonly name: string;
  readonly about: string;
  /** Whether the command runs without it. Default: false. */
  readonly optional?: boolean;
  /** The only values, if they are few. */
  readonly choices?: readonly string[];
}

/** A further part of the help, after the options. */
export interface Section {
  readonly title: string;
  readonly lines: readonly string[];
}

/** What the help, the completion and the reference say of a command. */
export interface CommandDescription {
  /** The words of the command: `['keys', 'generate']`. */
  readonly words: readonly string[];
  /** One line for the list of commands, lower case. */
  readonly summary: string;
  /** What the command does, in whole sentences; may have paragraphs. */
  readonly about: string;
  /** In the order of the command line. Default: none. */
  readonly arguments?: readonly Argument[];
  /** Further parts of the help, such as examples; loaded only for the help. */
  readonly sections?: () => Promise<readonly Section[]>;
  /** Exit code of an error that is not about the command line; default: 1. */
  readonly failureCode?: number;
}

/** What was given on the command line. */
export interface Given<O extends Options> {
  readonly values: OptionValues<O>;
  /** One text for each argument that was given. */
  readonly positionals: readonly string[];
}

/** One subcommand. */
export interface Command extends CommandDescription {
  readonly options: Options;
  /**
   * @param args the arguments after the words
   * @returns an exit code; default: 0
   * @throws UsageError, SignedImageError
   */
  run(args: readonly string[], context: CommandContext): Promise<number | void>;
}

interface Definition<O extends Options> extends CommandDescription {
  /** By their long names. */
  readonly options: O;
  /** Loads the modules that it needs by itself, so that other commands start without them. */
  run(given: Given<O>, context: CommandContext): Promise<number | void>;
}

/** Creates a command that parses its command line by its own description. */
export function defineCommand<const O extends Options>(definition: Definition<O>): Command {
  return {
    ...definition,
    async run(args, context) {
      const given = parseOptions(args, definition.options);
      checkArguments(given.positionals, definition.arguments ?? []);
      return definition.run(given, context);
    },
  };
}

function checkArguments(given: readonly string[], declared: readonly Argument[]): void {
  const excess = given.slice(declared.length);
  if (excess.length > 0) throw new UsageError(`unexpected argument "${excess.join(' ')}"`);
  const missing = declared.slice(given.length).filter(({ optional }) => optional !== true);
  if (missing.length > 0)
    throw new UsageError(`${missing.map(({ name }) => name).join(' and ')} is required`);
  declared.forEach(({ name, choices }, index) => {
    const value = given[index];
    if (value !== undefined && choices?.includes(value) === false)
      throw new UsageError(`${name} must be ${choiceList(choices)}`);
  });
  const empty = declared.find((_, index) => given[index] === '');
  if (empty) throw new UsageError(`${empty.name} must not be empty`);
}
