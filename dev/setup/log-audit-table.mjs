import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './process.mjs';

/** The file to which the tests of large logs append one JSON line for each result. */
export const logAuditFile = join(root, 'coverage/log-audit.jsonl');

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
