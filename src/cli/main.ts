#!/usr/bin/env node
import { processHost } from '../host/host';
import { runCommandLine } from './command-line';
import { EXIT } from './exit-codes';
import { processTerminal } from './terminal';

/** Ends the process when its output cannot be written: a full disk, or a reader that has closed the pipe. */
function endOnWriteError({ code }: NodeJS.ErrnoException): void {
  // The reader does not expect more lines, as in `... | head`.
  if (code !== 'EPIPE') {
    process.stderr.write(
      `error: standard output cannot be written (${code ?? 'unknown reason'})\n`,
    );
  }
  process.exit(EXIT.failed);
}

process.stdout.on('error', endOnWriteError);
process.stderr.on('error', () => process.exit(EXIT.failed));

void runCommandLine(process.argv.slice(2), {
  host: processHost(),
  terminal: processTerminal(),
}).then((code) => {
  process.exitCode = code;
});
