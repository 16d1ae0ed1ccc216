// Runs in a network namespace that has only a loopback interface (see isolation.ts): starts
// programs, and connects their ports to sockets in the file system. Uses only Node's own modules.
import { spawn, spawnSync } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';

/** @type {import('./isolation').InsidePlan} */
const plan = JSON.parse(readFileSync(process.argv[2], 'utf8'));

const up = spawnSync('ip', ['link', 'set', 'lo', 'up'], { encoding: 'utf8' });
if (up.status !== 0) {
  console.error(
    `the loopback interface of the namespace cannot be set up: ${up.stderr ?? up.error?.message}`,
  );
  process.exit(1);
}

/** Forwards every connection in both directions until one side closes it. */
function join(from, to) {
  return new Promise((settle, fail) => {
    const server = createServer((near) => {
      const far = connect(to);
      near.pipe(far).pipe(near);
      near.on('error', () => far.destroy());
      far.on('error', () => near.destroy());
    });
    server.once('error', fail);
    server.listen(from, settle);
  });
}

const here = (port) => ({ host: '127.0.0.1', port });
for (const { port, socket } of plan.outward) await join(here(port), { path: socket });
for (const { port, socket } of plan.inward) await join({ path: socket }, here(port));

/** Waits without a limit until another program listens: the parent process has the timeout. */
async function opened(to) {
  const accepts = () =>
    new Promise((settle) => {
      const probe = connect(to);
      probe.once('connect', () => settle(true)).once('error', () => settle(false));
      probe.once('connect', () => probe.destroy());
    });
  while (!(await accepts())) await new Promise((settle) => setTimeout(settle, 100));
}

const children = [];
const ends = [];
let stopping = false;

function start({ file, args, cwd, log, uid }) {
  const output = openSync(log, 'a');
  const user = uid === undefined ? {} : { uid, gid: uid };
  const child = spawn(file, args, { cwd, stdio: ['ignore', output, output], ...user });
  children.push(child);
  ends.push(new Promise((settle) => child.once('exit', settle).once('error', settle)));
}

async function startAll() {
  for (const program of plan.programs) {
    const { after } = program;
    if (after) await opened(after.path === undefined ? here(after.port) : { path: after.path });
    if (stopping) return;
    start(program);
  }
}

async function stop() {
  stopping = true;
  for (const child of children) child.kill('SIGTERM');
  const late = setTimeout(() => children.forEach((child) => child.kill('SIGKILL')), 5000);
  await Promise.all(ends);
  clearTimeout(late);
  process.exit(0);
}

// The parent closes stdin to stop this process; it is also closed when the parent ends.
process.stdin.on('end', stop).on('error', stop).resume();
process.once('SIGTERM', stop);
console.log('ready');
await startAll();
