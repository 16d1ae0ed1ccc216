import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './process.mjs';

/** The file to which the tests of large logs append one JSON line for each result. */
export const logAuditFile = join(root, 'coverage/log-audit.jsonl');

/** The entries of each log, unless the arguments name another number. */
export const LOG_ENTRIES = 100_000;
const SAMPLE_ENTRIES = 10_000;

/** Takes `--sample` and `--entries N` out of the arguments. */
export function logEntries(args) {
  const at = args.indexOf('--entries');
  if (at < 0) {
    const entries = args.includes('--sample') ? SAMPLE_ENTRIES : LOG_ENTRIES;
    return { entries, rest: args.filter((arg) => arg !== '--sample') };
  }
  const entries = Number(args[at + 1]);
  // The test places its findings between the entries that stacks made, at multiples of it.
  if (!Number.isSafeInteger(entries) || entries <= 0 || entries % SAMPLE_ENTRIES !== 0)
    throw new Error(`--entries must be a multiple of ${SAMPLE_ENTRIES}`);
  return { entries, rest: args.toSpliced(at, 2).filter((arg) => arg !== '--sample') };
}

/** Two logs, each with one audit and three that are refused. */
const LINES = 8;

export function removeLogAudit() {
  rmSync(logAuditFile, { force: true });
}

/** Prints the results. False if a full run lacks one. */
export function printLogAudit(isPart) {
  const text = existsSync(logAuditFile) ? readFileSync(logAuditFile, 'utf8').trim() : '';
  const lines = text === '' ? [] : text.split('\n').map((line) => JSON.parse(line));
  const audits = lines.filter(({ entries }) => entries !== undefined);
  const refused = lines.filter((line) => line.refused !== undefined);
  if (audits.length > 0) console.table(audits);
  for (const { log, refused: what } of refused) console.log(`${log} that ${what}: refused`);
  return isPart || lines.length === LINES;
}
