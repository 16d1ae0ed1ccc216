import type { SigningHost } from '../sign';
import type { Terminal } from './terminal';

/** The environment of a command. */
export interface CommandContext {
  readonly terminal: Terminal;
  readonly host: SigningHost;
}

/** An invalid command line; reported with the usage of the command and exit code 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** One subcommand. */
export interface Command {
  /** The words of the command: `['keys', 'generate']`. */
  readonly words: readonly string[];
  /** One line for the list of commands. */
  readonly summary: string;
  /** The text of `--help`: usage, options, examples. */
  readonly help: string;
  /**
   * @param args the arguments after the words
   * @returns an exit code; default: 0
   * @throws UsageError, SignedImageError
   */
  run(args: readonly string[], context: CommandContext): Promise<number | void>;
  /** Exit code of an error that is not about the command line; default: 1. */
  readonly failureCode?: number;
}
