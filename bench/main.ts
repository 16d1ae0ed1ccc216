import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Measurements } from './measurements';
import { measurePace } from './pace';
import { type Plan, readPlan } from './plan';
import { costPlot } from './plot';
import { measureRequests } from './requests';
import { type Results, resultsOf, seriesOf } from './summary';
import { measureStarts } from './start';
import { NOT_COUNTED, table } from './table';
import { measureUnchanged } from './unchanged';
import { openWorld } from './world';

const TITLE = 'cost of an image: sign, attest, verify (1 = cosign, one at a time)';

async function measure(plan: Plan): Promise<Measurements> {
  const world = await openWorld();
  try {
    console.log('start of the plugin, compared with an empty provider');
    const starts = await measureStarts(world.folder, plan.starts);
    console.log('requests for one image');
    const requests = await measureRequests(world);
    const batches = await measurePace(world, plan, (line) => console.log(line));
    console.log('updates with nothing to do');
    const unchanged = await measureUnchanged(world, plan.unchanged);
    return { starts, requests, batches, unchanged };
  } finally {
    await world.close();
  }
}

function show({ batches, targets }: Results): void {
  const head = [
    'by',
    'signer',
    'images',
    'at once',
    'state',
    'cost',
    'requests',
    'Fulcio',
    'Rekor',
  ];
  const rows = batches.map((one) => [
    one.by,
    one.signer,
    one.images,
    one.atOnce,
    one.state,
    one.cost,
    one.registryRequests,
    one.fulcioRequests ?? NOT_COUNTED,
    one.rekorRequests ?? NOT_COUNTED,
    one.bytes,
    one.repeatedReads,
  ]);
  console.log(`\n${TITLE}; the other columns are counts per image`);
  console.log(table([...head, 'bytes', 'again'], rows));
  console.log(
    `\n${table(
      ['target', 'goal', 'measured', 'met'],
      targets.map(({ name, goal, measured, met }) => [name, goal, measured, met ? 'yes' : 'no']),
    )}`,
  );
}

async function main(): Promise<void> {
  const plan = readPlan(process.argv.slice(2));
  const results = resultsOf(plan.run, await measure(plan));
  show(results);
  await writeFile(join(__dirname, 'results.json'), `${JSON.stringify(results, null, 2)}\n`);
  await writeFile(join(__dirname, 'cost.svg'), costPlot(TITLE, seriesOf(results)));
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
