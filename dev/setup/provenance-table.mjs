import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './process.mjs';
import { printTable } from './table.mjs';

/** The file to which the tests of test/provenance append a JSON line for each event and statement. */
export const provenanceFile = join(root, 'coverage/provenance.jsonl');

export function removeProvenance() {
  rmSync(provenanceFile, { force: true });
}

const HEAD = ['system', 'event', 'commit', 'ref', 'repository', 'head', 'statement accepted by'];

/**
 * Prints a line for each CI system and event with the facts found, what is noted about verifiers, and the
 * sums as the last line. False if a statement was not accepted or is missing.
 */
export function printProvenance() {
  const rows = readRows();
  const found = rows.filter(({ kind }) => kind === 'facts');
  const statements = rows.filter(({ kind }) => kind === 'statement');
  printTable([HEAD, ...found.map((row) => lineOf(row, statements))]);
  for (const { system, event, acceptedBy } of statements.filter(({ form }) => form === 'github')) {
    console.log(`${system}, ${event}, GitHub's form: ${acceptedBy.join(', ') || 'NOT ACCEPTED'}`);
  }
  for (const { text } of rows.filter(({ kind }) => kind === 'note')) console.log(text);
  const accepted = statements.filter(({ acceptedBy }) => acceptedBy.length > 0).length;
  const missing = found.filter((row) => !statements.some(isOf(row))).length;
  const failed = statements.length - accepted + missing;
  const systems = new Set(found.map(({ system }) => system)).size;
  console.log(
    `systems ${systems}, events ${found.length}, statements ${accepted} accepted, failed ${failed}`,
  );
  return found.length > 0 && failed === 0;
}

const isOf = (row) => (statement) =>
  statement.form === 'own' && statement.system === row.system && statement.event === row.event;

function lineOf(row, statements) {
  const { commit, branch, tag, ref, repository, headRepository } = row.facts;
  const named = branch ? `branch ${branch}` : tag ? `tag ${tag}` : undefined;
  const refs = [named, ref].filter((each) => each !== undefined).join(', ');
  const statement = statements.find(isOf(row));
  return [
    row.system,
    row.event,
    commit?.slice(0, 7) ?? '-',
    refs || '-',
    repository ?? '-',
    headRepository ?? '-',
    statement?.acceptedBy.join(', ') || 'NOT ACCEPTED',
  ];
}

function readRows() {
  if (!existsSync(provenanceFile)) return [];
  return readFileSync(provenanceFile, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}
