import type { SignedImageError } from '../error';
import type { SigningHost } from '../sign';
import type { Terminal } from './terminal';

/** What a command works with. */
export interface CommandContext {
  readonly terminal: Terminal;
  readonly host: SigningHost;
}

/** The command was called in a way that it does not have; told with its usage, exit code 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** One subcommand. */
export interface Command {
  /** The words that call it: `['keys', 'generate']`. */
  readonly words: readonly string[];
  /** One line for the list of commands. */
  readonly summary: string;
  /** The text of `--help`: usage, options, examples. */
  readonly help: string;
  /**
   * @param args what stands behind the words
   * @returns an exit code of its own; default: 0
   * @throws UsageError, SignedImageError
   */
  run(args: readonly string[], world: CommandContext): Promise<number | void>;
  /** The exit code for what `run` throws, where it is another than the usual 1. */
  exitCodeOf?(error: SignedImageError): number;
}
