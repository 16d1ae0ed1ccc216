import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, type Server, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** A program that runs in the namespace. */
export interface InsideProgram {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Path of the file for its output. */
  readonly log: string;
  /** A port or path that another program opens and this one needs at its start. Default: nothing. */
  readonly after?: { readonly port: number } | { readonly path: string };
  /** User and group to run as. Default: the caller's. */
  readonly uid?: number;
}

/** A port in the namespace, and the socket that is connected to it. */
interface Joint {
  readonly port: number;
  readonly socket: string;
}

/** The input of inside.mjs. */
export interface InsidePlan {
  readonly programs: readonly InsideProgram[];
  /** Ports in the namespace that are reachable from outside. */
  readonly inward: readonly Joint[];
  /** Ports in the namespace that forward to servers outside. */
  readonly outward: readonly Joint[];
}

export interface IsolationOptions {
  /** Writes the programs' files into their folder, and returns their commands. */
  readonly prepare: (folder: string) => Promise<readonly Omit<InsideProgram, 'cwd' | 'log'>[]>;
  /** Ports of the programs, by name. */
  readonly ports: Readonly<Record<string, number>>;
  /** Ports of servers on this machine's loopback that are reachable in the namespace under the same number. */
  readonly reaches?: readonly number[];
}

/** Programs in a separate network. */
export interface Isolated<Name extends string = string> {
  /** A base URL for each port, on the loopback of this machine. */
  readonly urls: Readonly<Record<Name, string>>;
  /** The output of the programs. */
  logs(): Promise<string>;
  stop(): Promise<void>;
}

const INSIDE = resolve(__dirname, 'inside.mjs');

function listening(server: Server, at: object): Promise<void> {
  return new Promise((settle, fail) => {
    server.once('error', fail);
    server.listen(at, settle);
  });
}

/** A server that forwards every connection. */
function joint(to: { readonly path: string } | { readonly host: string; readonly port: number }) {
  const open = new Set<{ destroy(): unknown }>();
  const server = createServer((near) => {
    const far = connect(to);
    for (const side of [near, far]) {
      open.add(side);
      side.once('close', () => open.delete(side));
    }
    near.pipe(far).pipe(near);
    near.on('error', () => far.destroy());
    far.on('error', () => near.destroy());
  });
  const close = () =>
    new Promise<void>((settle) => {
      server.close(() => settle());
      for (const side of open) side.destroy();
    });
  return { server, close };
}

function enter(plan: string): ChildProcess {
  // Root does not need a user namespace; other users can create a network namespace only in one.
  const users = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const args = [...users, '--net', process.execPath, INSIDE, plan];
  return spawn('unshare', args, { stdio: ['pipe', 'pipe', 'pipe'] });
}

function ready(child: ChildProcess): Promise<void> {
  return new Promise((settle, fail) => {
    let stderr = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.stdout?.once('data', () => settle());
    child.once('error', () =>
      fail(new Error('`unshare` (util-linux) cannot be started: these services need Linux')),
    );
    child.once('exit', () =>
      fail(new Error(`a network namespace could not be created: ${stderr}`)),
    );
  });
}

/**
 * Starts programs in a separate network namespace that has only a loopback interface: some of them
 * listen on all interfaces or on fixed ports. They are reached through sockets in a temporary folder,
 * which is removed when they stop.
 *
 * @throws Error if network namespaces are not available
 */
export async function startIsolated<Name extends string>(
  options: IsolationOptions & { readonly ports: Readonly<Record<Name, number>> },
): Promise<Isolated<Name>> {
  const folder = await mkdtemp(join(tmpdir(), 'services-'));
  const socket = (name: string) => join(folder, `${name}.sock`);
  const prepared = await options.prepare(folder);
  const programs = prepared.map((program, index) => ({
    ...program,
    cwd: folder,
    log: join(folder, `${index}.log`),
  }));
  const names = Object.keys(options.ports) as Name[];
  const plan: InsidePlan = {
    programs,
    inward: names.map((name) => ({ port: options.ports[name], socket: socket(name) })),
    outward: (options.reaches ?? []).map((port) => ({ port, socket: socket(`out-${port}`) })),
  };
  const joints = plan.outward.map(({ port }) => joint({ host: '127.0.0.1', port }));
  const entries = names.map((name) => joint({ path: socket(name) }));
  let child: ChildProcess | undefined;
  const stop = async () => {
    if (child && child.exitCode === null) {
      const ended = new Promise((settle) => child?.once('exit', settle));
      child.stdin?.end();
      await ended;
    }
    await Promise.all([...joints, ...entries].map(({ close }) => close()));
    await rm(folder, { recursive: true, force: true });
  };
  const logs = async () =>
    (await Promise.all(programs.map(({ log }) => readFile(log, 'utf8').catch(() => '')))).join(
      '\n',
    );
  try {
    for (const [index, { server }] of joints.entries()) {
      await listening(server, { path: plan.outward[index]?.socket });
    }
    const path = join(folder, 'plan.json');
    await writeFile(path, JSON.stringify(plan));
    child = enter(path);
    await ready(child);
    const urls = {} as Record<Name, string>;
    for (const [index, { server }] of entries.entries()) {
      await listening(server, { host: '127.0.0.1', port: 0 });
      const { port } = server.address() as AddressInfo;
      urls[names[index] as Name] = `http://127.0.0.1:${port}`;
    }
    return { urls, logs, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Waits until a URL responds with 200. @throws Error with the output of the programs */
export async function answering(url: string, isolated: Isolated, seconds = 60): Promise<void> {
  for (let tries = 0; tries < seconds * 5; tries += 1) {
    try {
      const { status } = await fetch(url);
      if (status === 200) return;
    } catch {
      // Not started yet.
    }
    await new Promise((settle) => setTimeout(settle, 200));
  }
  throw new Error(`${url} does not respond:\n${(await isolated.logs()).slice(-4000)}`);
}
