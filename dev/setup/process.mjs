import { spawn } from 'node:child_process';
import {
  closeSync,
  createWriteStream,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the clone. */
export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

export const log = (line) => console.log(`[setup] ${line}`);

const HEARTBEAT_MS = 15_000;

/**
 * Runs a program in this terminal and returns its exit code. The terminal itself sends Ctrl-C to the
 * child; a signal sent to this process alone is passed on, so that nothing is left running.
 *
 * @param {{ env?: NodeJS.ProcessEnv, cwd?: string, doing?: string, record?: string, stdio?: unknown[] }} [options]
 *   `doing`: logged every 15 seconds while the program runs; `record`: a file to which its output is also written.
 */
export function run(command, args, { env = process.env, cwd = root, doing, record, ...io } = {}) {
  return new Promise((settle, fail) => {
    const stdio = io.stdio ?? (record === undefined ? 'inherit' : ['inherit', 'pipe', 'pipe']);
    const child = spawn(command, args, { cwd, env, stdio });
    const recorded = recordOf(child, record);
    const started = Date.now();
    const heartbeat =
      doing === undefined
        ? undefined
        : setInterval(
            () => log(`still ${doing} (${Math.round((Date.now() - started) / 1000)} s)`),
            HEARTBEAT_MS,
          );
    const stay = () => {};
    const pass = (signal) => child.kill(signal);
    process.on('SIGINT', stay);
    process.on('SIGTERM', pass);
    const done = (finish) => {
      clearInterval(heartbeat);
      process.off('SIGINT', stay);
      process.off('SIGTERM', pass);
      finish();
    };
    child.once('error', (error) => done(() => fail(error)));
    child.once('close', (code, signal) =>
      done(() => void recorded.then(() => settle(signal === null ? code : 1))),
    );
  });
}

/** Prints the output of the child and writes it to the file; resolves when the file is complete. */
async function recordOf(child, record) {
  if (record === undefined) return;
  mkdirSync(dirname(record), { recursive: true });
  const file = createWriteStream(record);
  for (const [from, to] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ]) {
    from.on('data', (chunk) => {
      to.write(chunk);
      file.write(chunk);
    });
  }
  await new Promise((settle) => child.once('close', settle));
  await new Promise((settle) => file.end(settle));
}

/** Whether a program runs and ends with 0; its output is dropped. */
export function works(command, args, { env = process.env, timeout = 20_000 } = {}) {
  return new Promise((settle) => {
    const child = spawn(command, args, { cwd: root, env, stdio: 'ignore', timeout });
    child.once('error', () => settle(false));
    child.once('exit', (code) => settle(code === 0));
  });
}

/** Runs a program like `run`, and prints its output only if it fails. */
export async function runQuietly(command, args, { env = process.env } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'setup-'));
  const output = join(folder, 'output');
  const file = openSync(output, 'w');
  try {
    const code = await run(command, args, { env, stdio: ['ignore', file, file] });
    if (code !== 0) process.stderr.write(readFileSync(output));
    return code;
  } finally {
    closeSync(file);
    rmSync(folder, { recursive: true, force: true });
  }
}
