import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readProject } from '../../../dev/engine/project/project';
import { readConfig, writeConfig } from '../../../dev/engine/project/stack-config';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'config-'));
  write('Pulumi.yaml', 'name: demo\nruntime: nodejs\nconfig:\n  region: north\n');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const write = (name: string, text: string): void => writeFileSync(join(dir, name), text);

/** Written by the real CLI: `pulumi config set --secret foo bar123` with the passphrase "pp". */
const REAL = `encryptionsalt: v1:3p9eZqE2vbc=:v1:Ed311DsRq/moW0OB:eYNWhqDwi6aS4f4wdRyXwMn04bXiBw==
config:
  demo:foo:
    secure: v1:F3xS4Lmj2mq7TUMQ:7SX2S72biIDBSpLt4KtZsbNLlEVoNQ==
  demo:count: 3
`;

test('a stack config that the real CLI wrote is read', async () => {
  write('Pulumi.dev.yaml', REAL);
  const config = await readConfig(readProject(dir), 'dev', 'pp', { 'aws:region': 'south' });
  expect(config).toEqual({
    values: {
      'demo:region': 'north',
      'demo:foo': 'bar123',
      'demo:count': '3',
      'aws:region': 'south',
    },
    secretKeys: ['demo:foo'],
  });
  await expect(readConfig(readProject(dir), 'dev', 'other')).rejects.toThrow(
    'incorrect passphrase',
  );
});

test('a secret is written encrypted, next to existing values, and read again', async () => {
  write('Pulumi.dev.yaml', REAL);
  const project = readProject(dir);
  await writeConfig(project, 'dev', 'pp', 'token', { secret: 'canary-very-hush' });
  await writeConfig(project, 'dev', 'pp', 'plain', 'open');
  expect(readFileSync(join(dir, 'Pulumi.dev.yaml'), 'utf8')).not.toContain('canary-very-hush');
  const { values, secretKeys } = await readConfig(project, 'dev', 'pp', { token: 'given' });
  expect(values).toMatchObject({
    'demo:foo': 'bar123',
    'demo:plain': 'open',
    'demo:token': 'given',
  });
  expect(secretKeys).toEqual(['demo:foo']);
});

test('plugins are found under plugins.providers and under packages, paths from the project', () => {
  write(
    'Pulumi.yaml',
    `name: demo
runtime: { name: nodejs, options: { typescript: false, nodeargs: --trace-warnings --no-deprecation } }
main: src
packages:
  near: ./near
  far: registry.example/far
  detailed: { source: ../detailed, version: 1.0.0 }
plugins:
  providers:
    - { name: own, path: plugin }
`,
  );
  const project = readProject(dir);
  expect(Object.fromEntries(project.plugins)).toEqual({
    near: join(dir, 'near'),
    detailed: join(dir, '..', 'detailed'),
    own: join(dir, 'plugin'),
  });
  expect(project).toMatchObject({
    main: 'src',
    typescript: false,
    nodeArgs: ['--trace-warnings', '--no-deprecation'],
  });
});

test('a project of a runtime that the engine does not start, or without a name, is refused', () => {
  write('Pulumi.yaml', 'name: demo\nruntime: dotnet\n');
  expect(() => readProject(dir)).toThrow('runtimes nodejs, python, go, java, yaml, not dotnet');
  write('Pulumi.yaml', 'runtime: nodejs\n');
  expect(() => readProject(dir)).toThrow('has no name');
});
