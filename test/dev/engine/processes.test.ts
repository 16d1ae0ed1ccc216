import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { localEngine } from '../../../dev/engine/under-test';
import { deedsOf } from './scenario-run';
import { World } from './world';

const ROOT = join(__dirname, '..', '..', '..');

// Each run starts two or three Node processes, which takes its time on a busy machine.
jest.setTimeout(240_000);

let world: World;
beforeEach(() => (world = new World()));
afterEach(() => world.dispose());

const engine = (programDir = world.programDir, env: Record<string, string> = {}) =>
  localEngine({ projectDir: programDir, dir: world.dir, env: { ...world.env, ...env } });

test('a component is the same imported or remote, and no secret is in the state or the logs', async () => {
  const secrets = ['canary-input-secret-1', 'canary-config-secret-2'];
  const plan = (kind: 'pair' | 'remote') => ({
    resources: [
      { kind, name: 'p', args: { secretText: { secret: 'canary-input-secret-1' }, size: 3 } },
      {
        name: 'c',
        args: { text: { config: 'password' } },
        opts: { additionalSecretOutputs: ['token'] },
      },
    ],
    outputs: { token: '$p.token', text: '$p.secretText', own: '$c.token' },
    say: 'the password is canary-config-secret-2',
    warn: 'mind canary-config-secret-2',
  });
  const under = engine();
  await under.setConfig('password', { secret: 'canary-config-secret-2' });
  world.plan(plan('pair'));
  expect(await under.up()).toMatchObject({ ok: true, summary: { create: 5 } });
  world.plan(plan('remote'));
  const again = await under.up();
  expect(again).toMatchObject({ ok: true, summary: { same: 5 } });
  expect(deedsOf(world.allCalls()).at(-1)).toBe('construct p');

  expect(await under.outputs()).toEqual({
    token: expect.stringMatching(/^thing-\d-token$/),
    text: '[secret]',
    own: '[secret]',
  });
  const state = await under.exportState();
  const shown = secrets.filter((text) => state.includes(text) || under.logs().includes(text));
  expect(shown).toEqual([]);
  expect(under.logs()).toContain('the password is [secret]');
  expect(under.logs()).toContain('warning: mind [secret]');
});

test('a TypeScript program runs, with a package that is named under packages', async () => {
  const typed = engine(join(__dirname, 'fixtures', 'typescript'), {
    PULUMI_NODEJS_TRANSPILE_ONLY: 'true',
  });
  expect(await typed.up()).toMatchObject({ ok: true, summary: { create: 2 } });
  expect(world.things()).toEqual({ 'thing-1': { name: 'hello', size: 1 } });
});

test('a plugin that dies during a step is an error on that resource, and ends the run', async () => {
  world.plan({
    resources: [
      { name: 'a', args: { mode: 'crash' } },
      { name: 'b', args: { text: '$a.token' } },
    ],
  });
  const outcome = await engine().up();
  expect(outcome.ok).toBe(false);
  expect(outcome.errors).toEqual(['the plugin for package fake ended with code 3']);
  expect(outcome.logs).toContain('a: error: the plugin for package fake ended with code 3');
});

test('a program that throws deletes nothing; one that only logs an error continues', async () => {
  const under = engine();
  world.plan({ resources: [{ name: 'a' }] });
  await under.up();
  world.plan({ throw: 'out of luck' });
  const thrown = await under.up();
  expect(thrown.ok).toBe(false);
  expect(thrown.errors.join('\n')).toContain('out of luck');
  expect(Object.keys(world.things())).toHaveLength(1);
  world.plan({ logError: 'only said' });
  expect(await under.up()).toMatchObject({ ok: true, errors: ['only said'] });
  expect(world.things()).toEqual({});
});

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    // A zombie is dead, only not yet reaped.
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
};

const until = async (test: () => boolean): Promise<void> => {
  while (!test()) await delay(50);
};

test('after Ctrl-C the step in progress finishes and is recorded, no other begins, and no child remains', async () => {
  world.plan({
    resources: [
      { name: 'a', args: { mode: 'slow', delay: 1_500 } },
      { name: 'b', args: { text: '$a.token' } },
    ],
  });
  const cli = spawn(
    process.execPath,
    ['-r', 'ts-node/register/transpile-only', join(ROOT, 'dev', 'engine', 'cli.ts'), 'up'],
    {
      cwd: world.programDir,
      env: {
        ...process.env,
        ...world.env,
        PULUMI_CONFIG_PASSPHRASE: 'pp',
        PULUMI_BACKEND_URL: `file://${world.dir}`,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let said = '';
  cli.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  const exited = new Promise<number | null>((resolve) => cli.once('exit', resolve));
  const started = join(world.dir, 'world.json.started');
  await until(() => existsSync(started) || cli.exitCode !== null);
  const plugin = Number(readFileSync(started, 'utf8'));
  expect(isAlive(plugin)).toBe(true);
  cli.kill('SIGINT');
  expect(await exited).toBe(1);
  expect(said).toContain('error: the update was canceled');
  expect(isAlive(plugin)).toBe(false);
  const state = readFileSync(join(world.dir, 'demo', 'dev.json'), 'utf8');
  expect(state).toContain('"id":"thing-1"');
  expect(deedsOf(world.allCalls())).toEqual(['create a']);
});
