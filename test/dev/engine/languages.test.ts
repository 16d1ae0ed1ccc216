import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { localEngine } from '../../../dev/engine/under-test';

// Programs in other languages with their SDKs: `npm run test:languages`.

let dir: string;
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'languages-'))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const write = (name: string, text: string): void => writeFileSync(join(dir, name), text);

const program = (name: string, text: string): void => {
  write(name, `#!${process.execPath}\n${text}`);
  chmodSync(join(dir, name), 0o755);
};

const engine = (env: Readonly<Record<string, string>> = {}) =>
  localEngine({ projectDir: dir, dir, stack: 'dev', env });

const PRINT = `
const names = ['PROJECT', 'STACK', 'ORGANIZATION', 'DRY_RUN', 'PARALLEL', 'CONFIG', 'CONFIG_SECRET_KEYS'];
for (const name of names) console.log(name + '=' + process.env['PULUMI_' + name]);
console.log('one address: ' + (process.env.PULUMI_MONITOR === process.env.PULUMI_ENGINE));
`;

test('a compiled program receives the deployment in its environment', async () => {
  write('Pulumi.yaml', 'name: demo\nruntime: { name: go, options: { binary: ./program } }\n');
  program('program', PRINT);
  const under = engine();
  await under.setConfig('region', 'north');
  await under.setConfig('token', { secret: 'canary-token-of-a-compiled-program' });
  const { ok, logs } = await under.preview();
  expect(ok).toBe(true);
  expect(logs).toContain('PROJECT=demo');
  expect(logs).toContain('STACK=dev');
  expect(logs).toContain('ORGANIZATION=organization');
  expect(logs).toContain('DRY_RUN=true');
  expect(logs).toContain('PARALLEL=16');
  expect(logs).toContain('CONFIG={"demo:region":"north","demo:token":"[secret]"}');
  expect(logs).toContain('CONFIG_SECRET_KEYS=["demo:token"]');
  expect(logs).toContain('one address: true');
});

test('a YAML program without its language host is an error that names the host', async () => {
  write('Pulumi.yaml', 'name: demo\nruntime: yaml\n');
  const { ok, logs } = await engine({ PATH: dir }).preview();
  expect(ok).toBe(false);
  expect(logs).toContain('could not start pulumi-language-yaml');
});

test('a Python program without its virtual environment is an error that names the interpreter', async () => {
  write('Pulumi.yaml', 'name: demo\nruntime: { name: python, options: { virtualenv: venv } }\n');
  const { ok, logs } = await engine().preview();
  expect(ok).toBe(false);
  expect(logs).toContain(`could not start ${join(dir, 'venv/bin/python')}`);
});
