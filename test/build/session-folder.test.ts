import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';

import { createSessionFolder } from '../../src/build/session-folder';
import { FakeTools } from './fake-tools';
import { Context } from './requests';

const ROOT = resolve(__dirname, '../..');
const PASSWORD = 'canary-of-a-registry-login-4d1b';

/** A separate process that builds and can be killed. */
const BUILDING = `
const { dockerBuilder, podmanBuilder } = require('./src/build');
const { builder, env, request } = JSON.parse(process.env.BUILD);
const create = builder === 'docker' ? dockerBuilder : podmanBuilder;
create({ env }).build(request, (line) => console.log(line)).catch(console.error);
`;

let tools: FakeTools;
let context: Context;
beforeEach(() => {
  tools = new FakeTools();
  context = new Context();
});
afterEach(() => {
  tools.remove();
  context.remove();
});

const isRunning = (pid: number): boolean => {
  try {
    // A zombie does not have a command line any more.
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';
  } catch {
    return false;
  }
};
const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await pause(50);
};
const modeOf = (path: string): number => statSync(path).mode & 0o777;

test.each(['podman', 'docker'])(
  'of a killed process goes away, and so does the %s build that has its credentials',
  async (builder) => {
    tools.add(
      builder,
      `if (argv.includes('build') && !argv.includes('--help')) {
         console.log('pid ' + process.pid + ' ' + flag('--iidfile'));
         setInterval(() => {}, 1000);
       }`,
    );
    const request = context.request('registry.example/app', {
      registry: { username: 'robot', password: PASSWORD, insecure: false },
    });
    const child = spawn(
      process.execPath,
      ['-r', 'ts-node/register/transpile-only', '-e', BUILDING],
      {
        cwd: ROOT,
        env: { ...process.env, BUILD: JSON.stringify({ builder, env: tools.env, request }) },
        // What an engine kills is the group of its plugin.
        detached: true,
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const first = await new Promise<string>((found) =>
      createInterface(child.stdout).on('line', (line) => {
        if (line.startsWith('pid ')) found(line);
      }),
    );
    const [, pid = '', idFile = ''] = first.split(' ');
    const folder = dirname(idFile);
    expect(modeOf(folder)).toBe(0o700);
    const withLogin = readdirSync(folder).filter((name) => /^(?:auth|config)\.json$/.test(name));
    expect(withLogin).toHaveLength(1);
    for (const name of withLogin) {
      expect(modeOf(join(folder, name))).toBe(0o600);
      expect(readFileSync(join(folder, name), 'utf8')).toContain(
        Buffer.from(`robot:${PASSWORD}`).toString('base64'),
      );
    }
    process.kill(-(child.pid ?? 0), 'SIGKILL');
    await until(() => !existsSync(folder) && !isRunning(Number(pid)));
  },
);

test('of a running process is kept until it is removed, and no group is ended then', async () => {
  const folder = await createSessionFolder();
  const other = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
  try {
    folder.guard(other.pid);
    expect(existsSync(folder.path)).toBe(true);
    folder.guard(undefined);
    await folder.remove();
    expect(existsSync(folder.path)).toBe(false);
    expect(isRunning(other.pid ?? 0)).toBe(true);
  } finally {
    other.kill('SIGKILL');
  }
});
