import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './process.mjs';

/** Where test/interop/matrix appends one JSON line for each result (support/record.ts). */
export const interopFile = join(root, 'coverage/interop.jsonl');
/** The results from which docs/reference/verifiers.md is generated. */
const recordedFile = join(root, 'dev/verifiers/recorded.json');

export function removeInterop() {
  rmSync(interopFile, { force: true });
}

function readLines() {
  if (!existsSync(interopFile)) return [];
  return readFileSync(interopFile, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

const isCell = ({ image, refused }) => image !== undefined && refused === undefined;
const keyOf = ({ verifier, image, purpose }) => `${verifier}, ${purpose}: ${image}`;

function resultsOf(lines) {
  return {
    versions: Object.fromEntries(
      lines.filter((each) => each.version).map(({ verifier, version }) => [verifier, version]),
    ),
    cells: lines.filter(isCell),
    notes: lines.filter(({ note }) => note !== undefined),
  };
}

/** The differences between a run and the recorded results; of a part of the matrix only what it ran. */
function differences(found, recorded, partial) {
  const lines = [];
  // Of the operating system: another one has other results.
  const others = ['skopeo'].filter((name) => found.versions[name] !== recorded.versions[name]);
  const isCompared = ({ verifier }) => !others.includes(verifier);
  const compare = (what, name, now, before) => {
    if (JSON.stringify(now) !== JSON.stringify(before))
      lines.push(`${what} ${name}: ${JSON.stringify(now)}, recorded ${JSON.stringify(before)}`);
  };
  const cells = new Map(recorded.cells.map((cell) => [keyOf(cell), cell]));
  for (const cell of found.cells.filter(isCompared))
    compare('cell', keyOf(cell), cell, cells.get(keyOf(cell)));
  for (const [name, version] of Object.entries(found.versions))
    // Its own version changes with each release.
    if (name !== 'signed-image' && !others.includes(name))
      compare('version', name, version, recorded.versions[name]);
  const notes = new Set(recorded.notes.map(({ note }) => note));
  for (const { note } of found.notes) if (!notes.has(note)) lines.push(`note: ${note}`);
  if (partial) return lines;
  const names = (list, of) => list.map(of).sort();
  compare(
    'all',
    'cells',
    names(found.cells.filter(isCompared), keyOf),
    names(recorded.cells.filter(isCompared), keyOf),
  );
  compare(
    'all',
    'notes',
    names(found.notes, ({ note }) => note),
    names(recorded.notes, ({ note }) => note),
  );
  return lines;
}

/** Writes the results of a full run, for the documents, and returns the path. */
export function recordInterop() {
  const results = resultsOf(readLines());
  writeFileSync(recordedFile, `${JSON.stringify(results, null, 2)}\n`);
  return recordedFile;
}

/** Prints a line for each verifier, and the sums as the last line. False if the results differ from the recorded ones. */
export function printInterop(partial) {
  const lines = readLines();
  const found = resultsOf(lines);
  const refusals = lines.filter(({ refused }) => refused !== undefined);
  for (const [verifier, version] of Object.entries(found.versions)) {
    const own = found.cells.filter((cell) => cell.verifier === verifier);
    const accepted = own.filter(({ gap }) => gap === undefined).length;
    const refused = refusals.filter((each) => each.verifier === verifier).length;
    console.log(
      `${verifier} ${version}: accepts ${accepted}, not possible ${own.length - accepted}, falsified refused ${refused}`,
    );
  }
  const recorded = JSON.parse(readFileSync(recordedFile, 'utf8'));
  const different = differences(found, recorded, partial);
  for (const line of different) console.log(line);
  if (different.length > 0)
    console.log(
      'The results differ from docs/reference/verifiers.md: npm run test:interop -- --record',
    );
  const accepted = found.cells.filter(({ gap }) => gap === undefined).length;
  console.log(
    `verifiers ${Object.keys(found.versions).length}, accepted ${accepted}, not possible ${found.cells.length - accepted}, falsified refused ${refusals.length}`,
  );
  return different.length === 0 && (partial || accepted > 0);
}
