#!/usr/bin/env node
// Runs a task of this project with all of its set-up: `node dev/run.mjs <task> [arguments]`.
// Uses only Node's own modules: it must start on Node 20 in a fresh clone.
import { ensureBuilder } from './setup/builder.mjs';
import { ensureDependencies } from './setup/dependencies.mjs';
import { ensurePackage } from './setup/package.mjs';
import { withSetupLock } from './setup/lock.mjs';
import { resolveNode } from './setup/node.mjs';
import { printTally } from './setup/tally.mjs';
import { tasks } from './setup/tasks.mjs';

const [name, ...args] = process.argv.slice(2);
const task = tasks[name ?? ''];

if (name === 'tally') {
  printTally();
} else if (task === undefined) {
  console.error(`Usage: node dev/run.mjs <${Object.keys(tasks).join('|')}> [arguments]`);
  process.exitCode = 2;
} else {
  try {
    const env = await withSetupLock(async () => {
      await ensureDependencies();
      const environment = await resolveNode();
      if (task.needs.includes('package')) await ensurePackage(environment, task);
      if (task.needs.includes('builder')) await ensureBuilder(environment);
      return environment;
    });
    process.exitCode = await task.run(args, env);
  } catch (error) {
    console.error(`\n${name}: ${error.message}`);
    process.exitCode = 1;
  }
}
