import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './process.mjs';
import { printTable } from './table.mjs';

/** Where the suites of the walls note what they saw: test/enforce/support/table.ts. */
export const enforceTableFile = join(root, 'coverage/enforce.jsonl');

const KINDS = [
  'Pod',
  'ReplicationController',
  'Deployment',
  'ReplicaSet',
  'StatefulSet',
  'DaemonSet',
  'Job',
  'CronJob',
];
const WALLS = ['program', 'policy pack', 'cluster'];

export function forgetEnforceTable() {
  rmSync(enforceTableFile, { force: true });
}

/** Steps of a rollout that test/enforce/real/rollout.test.ts takes on the real controllers. */
const STEPS = 13;

function entries() {
  if (!existsSync(enforceTableFile)) return [];
  return readFileSync(enforceTableFile, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

function cells() {
  return new Set(
    entries()
      .filter(({ kind }) => kind !== undefined)
      .map(({ kind, wall, outcome }) => `${kind} ${wall} ${outcome}`),
  );
}

/** Prints what was seen on a real API server with the real controller manager. False unless all of it was. */
function tellRollouts() {
  const steps = entries().filter(({ step }) => step !== undefined);
  console.log('');
  printTable([
    ['AdmissionPolicy: B is admitted, A ran before (real API server and controllers)', 'seen'],
    ...steps.map(({ step, outcome }) => [step, outcome]),
  ]);
  console.log(`${steps.length} of ${STEPS} steps of rollouts went as they should`);
  return steps.length === STEPS;
}

/**
 * Prints the table of workload kinds and walls. False unless every wall was seen to admit a verified
 * image of every kind and to refuse another; the first wall, types, is the compiler's (`npm run lint`).
 */
export function tellEnforceTable() {
  const seen = cells();
  const word = (kind, wall) =>
    ['admitted', 'refused']
      .map((outcome) => (seen.has(`${kind} ${wall} ${outcome}`) ? outcome : '-'))
      .join('/');
  const table = [
    ['kind', ...WALLS],
    ...KINDS.map((kind) => [kind, ...WALLS.map((wall) => word(kind, wall))]),
  ];
  printTable(table);
  const missing = KINDS.flatMap((kind) => WALLS.map((wall) => word(kind, wall))).filter((cell) =>
    cell.includes('-'),
  ).length;
  console.log(
    missing === 0
      ? 'verified: admitted by each wall; not verified: refused by each wall'
      : `${missing} of ${KINDS.length * WALLS.length} not as expected`,
  );
  const rollouts = tellRollouts();
  return missing === 0 && rollouts;
}
