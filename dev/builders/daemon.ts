import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { type Isolated, startIsolated } from '../services/isolation';

/** A daemon that listens on a Unix socket and runs containers. */
export interface DaemonSpec {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly reaches: readonly number[];
  /** Whether it responds. */
  readonly isReady: () => Promise<boolean>;
}

const POLL_MS = 250;
const START_TIMEOUT_MS = 60_000;

/**
 * Starts a daemon in a network namespace with only a loopback, as root. The bridges that it creates
 * and their addresses are in that namespace, never on the machine itself.
 *
 * @throws Error with the daemon's log if it does not start
 */
export async function startDaemon(spec: DaemonSpec): Promise<Isolated> {
  if (process.getuid?.() !== 0) throw new Error(`${spec.name} needs root`);
  const isolated = await startIsolated({
    prepare: async (folder) => [await launcher(folder, spec)],
    ports: {},
    reaches: spec.reaches,
  });
  try {
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (!(await spec.isReady())) {
      if (Date.now() > deadline) throw new Error(`${spec.name} did not start`);
      await delay(POLL_MS);
    }
    return isolated;
  } catch (error) {
    const log = (await isolated.logs()).slice(-4000);
    await isolated.stop();
    throw new Error(`${spec.name} did not start; the end of its log:\n${log}`, { cause: error });
  }
}

/** A script that sets only the daemon's own variables, so that it does not use a proxy of this machine. */
async function launcher(folder: string, spec: DaemonSpec) {
  const assigned = Object.entries(spec.env).map(([name, value]) => `${name}=${value ?? ''}`);
  const file = join(folder, 'start');
  const quoted = [...assigned, spec.program, ...spec.args].map(
    (word) => `'${word.replaceAll("'", "'\\''")}'`,
  );
  await writeFile(file, `exec env -i ${quoted.join(' ')}\n`);
  return { file: '/bin/sh', args: [file] };
}
