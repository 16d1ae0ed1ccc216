import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';

import { isSupportedNode } from '../../src/host/supported-node';

const ROOT = resolve(__dirname, '../..');
const { engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  engines: { node: string };
};

/** Everything of the package that Node is started with. */
const PROGRAMS = [
  'plugin/pulumi-resource-signed-image',
  'dist/plugin/main.js',
  'dist/cli/main.js',
  'dist/enforce/policy/main.js',
];

/** A Node on the PATH that is too old, as distributions have it. */
const OLD_NODE = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'node'))
  .find((path) => {
    try {
      return !isSupportedNode(
        execFileSync(path, ['--version'], { encoding: 'utf8' }),
        engines.node,
      );
    } catch {
      return false;
    }
  });

const message = (version: string, path: string): string =>
  `pulumi-signed-image requires Node.js 22.22.2 or later, but was started with ${version} (${path}): ` +
  'install a supported version and put it first on the PATH\n';

describe('a version of Node', () => {
  it.each([
    ['v20.20.2', false],
    ['v22.9.9', false],
    ['v22.22.1', false],
    ['v22.22.2', true],
    ['v22.22.10', true],
    ['v22.100.0', true],
    ['v24.0.0', true],
    ['v26.0.0-nightly1', true],
  ])('%s is supported: %s', (version, supported) => {
    expect(isSupportedNode(version, '>=22.22.2')).toBe(supported);
  });
});

describe.each(PROGRAMS)('%s', (program) => {
  const path = join(ROOT, program);

  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'old-node-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('ends with one line on an older Node, before it loads a dependency', () => {
    const preload = join(folder, 'old.cjs');
    // What the check reads. That a dependency is not loaded needs no older Node.
    writeFileSync(
      preload,
      `Object.defineProperty(process, 'version', { value: 'v22.22.1' });
const { registerHooks } = require('node:module');
registerHooks({
  resolve(name, context, next) {
    const resolved = next(name, context);
    if (resolved.url.includes('node_modules')) throw new Error('loads ' + name);
    return resolved;
  },
});
`,
    );
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--require', preload, path, '127.0.0.1:9'],
      { encoding: 'utf8', timeout: 30_000 },
    );
    expect({ status, stdout, stderr }).toEqual({
      status: 2,
      stdout: '',
      stderr: message('22.22.1', process.execPath),
    });
  });

  (OLD_NODE === undefined ? it.skip : it)('does so on a real one', () => {
    const node = OLD_NODE ?? '';
    const found = execFileSync(node, ['-p', 'process.version.slice(1) + " " + process.execPath'], {
      encoding: 'utf8',
    });
    const [version = '', execPath = ''] = found.trim().split(' ');
    const { status, stdout, stderr } = spawnSync(node, [path, '127.0.0.1:9'], {
      encoding: 'utf8',
      timeout: 30_000,
    });
    expect({ status, stdout, stderr }).toEqual({
      status: 2,
      stdout: '',
      stderr: message(version, execPath),
    });
  });
});
