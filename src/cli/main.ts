#!/usr/bin/env node
import { processHost } from '../sign';
import { runCommandLine } from './command-line';
import { processTerminal } from './terminal';

void runCommandLine(process.argv.slice(2), {
  host: processHost(),
  terminal: processTerminal(),
}).then((code) => {
  process.exitCode = code;
});
