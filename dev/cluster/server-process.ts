import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** A started server and its log. */
export interface ServerProcess {
  readonly name: string;
  /** Rejects with the end of its log if the process ends before it is stopped. */
  untilReady(isReady: () => Promise<boolean>): Promise<void>;
  stop(): Promise<void>;
}

const LOOK_EVERY_MS = 250;
const GRACE_MS = 10_000;

/** A free port. Neither etcd nor the API server reports a port that it selected itself. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const isRunning = ({ exitCode, signalCode }: ChildProcess): boolean =>
  exitCode === null && signalCode === null;

/** Starts a program whose output goes to a file. */
export function startProcess(
  name: string,
  program: string,
  args: readonly string[],
  logFile: string,
): ServerProcess {
  const log = createWriteStream(logFile);
  // Variables of this machine (a proxy, a kubeconfig) have no effect on it.
  const child = spawn(program, [...args], { env: {}, stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  let failure: Error | undefined;
  child.once('error', (error) => (failure = error));
  const killed = (): void => void child.kill('SIGKILL');
  process.once('exit', killed);

  const endOfLog = async (): Promise<string> => {
    const text = await readFile(logFile, 'utf8').catch(() => '');
    return text.split('\n').slice(-15).join('\n');
  };
  return {
    name,
    async untilReady(isReady) {
      while (!(await isReady())) {
        if (failure !== undefined) throw new Error(`${name} did not start`, { cause: failure });
        if (!isRunning(child)) throw new Error(`${name} ended:\n${await endOfLog()}`);
        await delay(LOOK_EVERY_MS);
      }
    },
    async stop() {
      process.off('exit', killed);
      if (isRunning(child) && failure === undefined) {
        const ended = once(child, 'exit');
        child.kill('SIGTERM');
        const late = setTimeout(killed, GRACE_MS);
        await ended;
        clearTimeout(late);
      }
      log.end();
    },
  };
}
