import { createInterface } from 'node:readline';
import type { ReadStream } from 'node:tty';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';

import { SignedImageError } from '../error';
import { shownLines } from '../host/one-line';

/** The input and the output of a command. */
export interface Terminal {
  /** Whether a person can answer a prompt. */
  readonly isInteractive: boolean;
  /** Prints a line of the result, to standard output. */
  print(line: string): void;
  /** Prints an error or a warning, to standard error. */
  printError(line: string): void;
  /**
   * Writes to standard error without a line break, to show progress in one line. Absent if standard error is
   * not a terminal.
   */
  readonly writeProgress?: ((text: string) => void) | undefined;
  /**
   * Prompts for a line without echo.
   *
   * @throws SignedImageError `INPUT_INVALID` if the prompt is canceled
   */
  promptSecret(question: string): Promise<string>;
  /** Reads standard input as UTF-8. */
  readInput(): Promise<string>;
}

export interface TerminalStreams {
  readonly stdin: NodeJS.ReadableStream & Partial<Pick<ReadStream, 'isTTY'>>;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

/** Creates a stream that discards the echo of line editing. */
function createNullSink(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}

function readSecret({ stdin, stderr }: TerminalStreams, question: string): Promise<string> {
  stderr.write(question);
  const reader = createInterface({ input: stdin, output: createNullSink(), terminal: true });
  return new Promise<string>((settle, fail) => {
    reader.once('line', settle);
    // Ctrl-C or Ctrl-D; without effect after a line.
    reader.once('close', () =>
      fail(
        new SignedImageError({
          code: 'INPUT_INVALID',
          message: 'no password was entered',
        }),
      ),
    );
  }).finally(() => {
    reader.close();
    stderr.write('\n');
  });
}

/** Creates the terminal of this process. */
export function processTerminal(streams: TerminalStreams = process): Terminal {
  const { stdin, stdout, stderr } = streams;
  return {
    isInteractive: stdin.isTTY === true && stderr.isTTY === true,
    print: (line) => void stdout.write(`${line}\n`),
    printError: (line) => void stderr.write(`${shownLines(line)}\n`),
    ...(stderr.isTTY === true && { writeProgress: (text) => void stderr.write(text) }),
    promptSecret: (question) => readSecret(streams, question),
    readInput: () => text(stdin),
  };
}
