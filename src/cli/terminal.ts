import { createInterface } from 'node:readline';
import type { ReadStream } from 'node:tty';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';

import { SignedImageError } from '../error';

/** Where a command is read and where it writes. */
export interface Terminal {
  /** Whether somebody is there who can be asked. */
  readonly isInteractive: boolean;
  /** The result, a line. */
  print(line: string): void;
  /** All that is not the result, a line. */
  tell(line: string): void;
  /**
   * Asks for a line that is not shown while it is typed.
   *
   * @throws SignedImageError `INPUT_INVALID` when the question is broken off
   */
  promptSecret(question: string): Promise<string>;
  /** All that is piped in, as UTF-8. */
  readInput(): Promise<string>;
}

export interface TerminalStreams {
  readonly stdin: NodeJS.ReadableStream & Partial<Pick<ReadStream, 'isTTY'>>;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

/** Takes what line editing would echo. */
function nowhere(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}

function askSecret({ stdin, stderr }: TerminalStreams, question: string): Promise<string> {
  stderr.write(question);
  const reader = createInterface({ input: stdin, output: nowhere(), terminal: true });
  return new Promise<string>((settle, fail) => {
    reader.once('line', settle);
    // Ctrl-C, Ctrl-D; after a line it changes nothing.
    reader.once('close', () =>
      fail(
        new SignedImageError({
          code: 'INPUT_INVALID',
          message: 'no password was typed; nothing was made',
        }),
      ),
    );
  }).finally(() => {
    reader.close();
    stderr.write('\n');
  });
}

/** The terminal of this process. */
export function processTerminal(streams: TerminalStreams = process): Terminal {
  const { stdin, stdout, stderr } = streams;
  return {
    isInteractive: stdin.isTTY === true && stderr.isTTY === true,
    print: (line) => void stdout.write(`${line}\n`),
    tell: (line) => void stderr.write(`${line}\n`),
    promptSecret: (question) => askSecret(streams, question),
    readInput: () => text(stdin),
  };
}
