import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runCli } from '../../../dev/engine/cli';
import { parseCli } from '../../../dev/engine/cli-args';
import { StateFile } from '../../../dev/engine/state/file';
import { secret } from '../../../dev/engine/wire/signature';

let dir: string;
let said: string[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cli-'));
  said = [];
  writeFileSync(join(dir, 'Pulumi.yaml'), 'name: demo\nruntime: nodejs\n');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const run = (line: string, env: Record<string, string> = {}): Promise<number> =>
  runCli([...line.split(' '), '-C', dir], {
    env: { PULUMI_CONFIG_PASSPHRASE: 'pp', PULUMI_BACKEND_URL: pathToFileURL(dir).href, ...env },
    out: (text) => said.push(text),
    err: (text) => said.push(text),
  });

const URN = 'urn:pulumi:dev::demo::pulumi:pulumi:Stack::demo-dev';

const writeState = async (): Promise<void> => {
  const path = join(dir, 'demo', 'dev.json');
  const file = await StateFile.open(path, { project: 'demo', stack: 'dev' }, 'pp');
  await file.save(() => [
    {
      urn: URN,
      type: 'pulumi:pulumi:Stack',
      custom: false,
      inputs: {},
      outputs: { url: 'http://x', token: secret('canary-hush-hush') },
      dependencies: [],
      propertyDependencies: {},
    },
  ]);
};

test('outputs are printed, secrets only on request', async () => {
  await writeState();
  expect(await run('stack output --json')).toBe(0);
  expect(JSON.parse(said.splice(0).join(''))).toEqual({ url: 'http://x', token: '[secret]' });
  expect(await run('stack output token --show-secrets')).toBe(0);
  expect(said.splice(0)).toEqual(['canary-hush-hush']);
  expect(await run('stack output')).toBe(0);
  expect(said.splice(0)).toEqual(['url  http://x', 'token  [secret]']);
  expect(await run('stack output nothing')).toBe(1);
  expect(await run('stack export')).toBe(0);
  expect(said.at(-1)).not.toContain('canary-hush-hush');
});

test('destroy needs no program, displays its steps and empties the state', async () => {
  await writeState();
  expect(await run('destroy --yes')).toBe(0);
  expect(said.join('\n')).toContain(' -  pulumi:pulumi:Stack demo-dev deleted');
  expect(said.slice(-2)).toEqual(['Resources:', '    -  1 deleted']);
  await run('stack output --json');
  expect(said.at(-1)).toBe('{}');
});

test('config set writes the stack config, a secret one sealed', async () => {
  expect(await run('config set --secret password canary-hush-hush')).toBe(0);
  expect(await run('config set -s dev color blue')).toBe(0);
  const text = readFileSync(join(dir, 'Pulumi.dev.yaml'), 'utf8');
  expect(text).toContain('demo:color: blue');
  expect(text).not.toContain('canary-hush-hush');
});

test.each([
  ['explode', {}, 'unknown command: explode'],
  ['stack export', {}, 'there is no stack dev yet'],
  ['up --parallel 0', {}, '--parallel must be a number'],
  ['up --policy-pack a --policy-pack-config b --policy-pack-config c', {}, 'as many'],
  ['up', { PULUMI_BACKEND_URL: 's3://bucket' }, 'must be a file:// URL'],
])('"%s" is an error with exit code 1', async (line, env, message) => {
  expect(await run(line, env)).toBe(1);
  expect(said.join('\n')).toContain(message);
});

test('without a passphrase nothing runs', async () => {
  const io = { env: {}, out: () => undefined, err: (text: string) => said.push(text) };
  const before = process.env['PULUMI_CONFIG_PASSPHRASE'];
  delete process.env['PULUMI_CONFIG_PASSPHRASE'];
  try {
    expect(await runCli(['up', '-C', dir], io)).toBe(1);
  } finally {
    if (before !== undefined) process.env['PULUMI_CONFIG_PASSPHRASE'] = before;
  }
  expect(said.join('\n')).toContain('set PULUMI_CONFIG_PASSPHRASE');
});

test('the stack comes from the flag, then from PULUMI_STACK, else it is dev', () => {
  expect(parseCli(['up', '-s', 'a'], { PULUMI_STACK: 'b' }).stack).toBe('a');
  expect(parseCli(['up'], { PULUMI_STACK: 'b' }).stack).toBe('b');
  expect(parseCli(['up', '-p', '3'], {})).toMatchObject({ stack: 'dev', parallel: 3 });
  const packs = ['--policy-pack', 'a', '--policy-pack-config', 'b.json'];
  expect(parseCli(['up', ...packs], {}).policyPacks).toEqual([{ folder: 'a', config: 'b.json' }]);
  expect(parseCli(['up', '--policy-pack', 'a'], {}).policyPacks).toEqual([{ folder: 'a' }]);
});
