import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './process.mjs';
import { printTable } from './table.mjs';

/** The file to which the suites of the enforcement layers write their results (test/enforce/support/table.ts). */
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
const LAYERS = ['program', 'policy pack', 'cluster'];

export function removeEnforceTable() {
  rmSync(enforceTableFile, { force: true });
}

/** The number of rollout steps that test/enforce/real/rollout.test.ts performs with the real controllers. */
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
      .map(({ kind, layer, outcome }) => `${kind} ${layer} ${outcome}`),
  );
}

/** Prints the rollout steps on a real API server with the real controller manager. False unless all steps passed. */
function printRollouts() {
  const steps = entries().filter(({ step }) => step !== undefined);
  console.log('');
  printTable([
    ['AdmissionPolicy: B is admitted, A ran before (real API server and controllers)', 'result'],
    ...steps.map(({ step, outcome }) => [step, outcome]),
  ]);
  console.log(`${steps.length} of ${STEPS} rollout steps passed`);
  return steps.length === STEPS;
}

/**
 * Prints the table of workload kinds and enforcement layers. False unless every layer admitted a verified
 * image in every kind and denied an unverified one. The compiler checks the first layer, types (`npm run lint`).
 */
export function printEnforceTable() {
  const found = cells();
  const cellText = (kind, layer) =>
    ['admitted', 'refused']
      .map((outcome) => (found.has(`${kind} ${layer} ${outcome}`) ? outcome : '-'))
      .join('/');
  const table = [
    ['kind', ...LAYERS],
    ...KINDS.map((kind) => [kind, ...LAYERS.map((layer) => cellText(kind, layer))]),
  ];
  printTable(table);
  const missing = KINDS.flatMap((kind) => LAYERS.map((layer) => cellText(kind, layer))).filter(
    (cell) => cell.includes('-'),
  ).length;
  console.log(
    missing === 0
      ? 'verified images: admitted by each layer; unverified images: refused by each layer'
      : `${missing} of ${KINDS.length * LAYERS.length} cells not as expected`,
  );
  const rollouts = printRollouts();
  return missing === 0 && rollouts;
}
