#!/usr/bin/env node
import '../host/require-node';

import { processHost } from '../host/host';
import { runCommandLine, writeFailureCode } from './command-line';
import { EXIT } from './exit-codes';
import { processTerminal } from './terminal';

const args = process.argv.slice(2);

/** Ends the process when its output cannot be written: a full disk, or a reader that has closed the pipe. */
function endOnWriteError({ code }: NodeJS.ErrnoException): void {
  // The reader does not expect more lines, as in `... | head`.
  if (code !== 'EPIPE') {
    process.stderr.write(
      `error: standard output cannot be written (${code ?? 'unknown reason'})\n`,
    );
  }
  // In an audit, 1 would mean findings.
  process.exit(writeFailureCode(args));
}

process.stdout.on('error', endOnWriteError);
process.stderr.on('error', () => process.exit(EXIT.failed));
// Ends like without a handler, but after the handlers of `exit`, which remove files that are not complete.
process.once('SIGINT', () => process.exit(128 + 2));
process.once('SIGTERM', () => process.exit(128 + 15));

void runCommandLine(args, {
  host: processHost(),
  terminal: processTerminal(),
}).then((code) => {
  process.exitCode = code;
});
