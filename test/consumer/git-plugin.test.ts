import { execFile, execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

import { hasRealCli, realCli } from '../../dev/engine/under-test';
import { type RunningRegistry, startRegistry } from '../../dev/registry';
import { encryptPrivateKey } from '../../src/key';
import { pushImage } from '../interop/support/images';
import { type GitServer, startGitServer } from './support/git-server';

const ROOT = resolve(__dirname, '..', '..');
const MINUTES = 60_000;
const HOST = 'github.com';
const REPOSITORY = 'pulumi-signed-image/pulumi-signed-image';
const SOURCE = `${HOST}/${REPOSITORY}.git/git-plugin`;
const PASSWORD = 'canary-git-plugin-password-2d81';

let folder: string;
let git: GitServer;
let registry: RunningRegistry;
/** Folder of the states and of Pulumi's plugins. */
let dir: string;
let project: string;

const run = (cwd: string, program: string, ...args: string[]): string =>
  execFileSync(program, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();

/** Not synchronous: the server of the repository is in this process. */
async function pulumi(cwd: string, home: string, ...args: string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)('pulumi', [...args, '--color', 'never'], {
    cwd,
    maxBuffer: 1 << 26,
    env: {
      ...process.env,
      ...git.env,
      PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
      PULUMI_HOME: join(home, 'home'),
      PULUMI_BACKEND_URL: `file://${folder}`,
      PULUMI_SKIP_UPDATE_CHECK: '1',
    },
  });
  return stdout + stderr;
}

/** A repository with the folder of the plugin as it is here, with a tag of the version. */
function createRepository(tarball: string): void {
  const work = join(folder, 'work');
  for (const path of run(ROOT, 'git', 'ls-files', 'git-plugin').split('\n')) {
    mkdirSync(dirname(join(work, path)), { recursive: true });
    cpSync(join(ROOT, path), join(work, path));
  }
  // The version under test is not published: its packed package is installed from a file instead.
  const manifest = join(work, 'git-plugin/package.json');
  const text = readFileSync(manifest, 'utf8');
  writeFileSync(
    manifest,
    text.replace('"pulumi-signed-image": "0.1.0"', `"pulumi-signed-image": "file:${tarball}"`),
  );
  expect(readFileSync(manifest, 'utf8')).not.toBe(text);
  const author = ['-c', 'user.name=test', '-c', 'user.email=test@example.test'];
  run(work, 'git', 'init', '-q', '-b', 'main');
  run(work, 'git', 'add', '-A');
  run(work, 'git', ...author, 'commit', '-q', '-m', 'A release');
  run(work, 'git', 'tag', 'v0.1.0');
  run(folder, 'git', 'clone', '-q', '--bare', work, join(folder, 'served', `${REPOSITORY}.git`));
}

function writeProgram(image: string): void {
  project = join(folder, 'project');
  mkdirSync(project);
  const write = (name: string, text: string): void => writeFileSync(join(project, name), text);
  write('Pulumi.yaml', 'name: project\nruntime: nodejs\n');
  write('.gitignore', 'node_modules/\nsdks/\nPulumi.*.yaml\n');
  write(
    'package.json',
    JSON.stringify({ name: 'project', dependencies: { '@pulumi/pulumi': '^3.270.0' } }),
  );
  write(
    'index.js',
    `const pulumi = require('@pulumi/pulumi');
const { SignedImage } = require('@pulumi-signed-image/signed-image');
const app = new SignedImage('app', {
  image: ${JSON.stringify(image)},
  key: { ref: 'cosign.key', password: pulumi.secret(${JSON.stringify(PASSWORD)}) },
  provenance: { disabled: true },
});
exports.imageRef = app.imageRef;
`,
  );
}

(hasRealCli() ? describe : describe.skip)('the git repository as a package', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'git-plugin-'));
    dir = join(folder, 'state');
    const [packed] = JSON.parse(
      run(ROOT, 'npm', 'pack', '--json', '--ignore-scripts', '--pack-destination', folder),
    ) as { filename: string }[];
    createRepository(join(folder, packed?.filename ?? ''));
    git = await startGitServer(join(folder, 'served'), HOST);
    registry = await startRegistry();
    writeProgram((await pushImage(registry.host)).reference);
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    writeFileSync(join(project, 'cosign.key'), await encryptPrivateKey(privateKey, PASSWORD));
  }, 5 * MINUTES);
  afterAll(async () => {
    await registry?.close();
    await git?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it(
    'is added by `pulumi package add` with its version, which the project records',
    async () => {
      const output = await pulumi(project, dir, 'package', 'add', `https://${SOURCE}@v0.1.0`);
      expect(output).toContain('Added package');
      expect(readFileSync(join(project, 'Pulumi.yaml'), 'utf8')).toContain(
        `signed-image: ${SOURCE}@v0.1.0`,
      );
      expect(git.requests.join()).toContain(`/${REPOSITORY}.git/git-upload-pack`);
    },
    10 * MINUTES,
  );

  it(
    'signs in a fresh clone of the project, after `pulumi install` alone',
    async () => {
      run(project, 'git', 'init', '-q');
      run(project, 'git', 'add', '-A');
      const author = ['-c', 'user.name=test', '-c', 'user.email=test@example.test'];
      run(project, 'git', ...author, 'commit', '-q', '-m', 'A program');
      const clone = join(folder, 'clone');
      run(folder, 'git', 'clone', '-q', project, clone);
      // Another machine: no plugin is installed.
      const other = join(folder, 'other');
      await pulumi(clone, other, 'install');

      const engine = realCli({ projectDir: clone, dir: other, env: git.env });
      expect((await engine.preview()).errors).toEqual([]);
      const up = await engine.up();
      expect([up.errors, up.ok]).toEqual([[], true]);
      expect((await engine.outputs())['imageRef']).toMatch(/@sha256:[0-9a-f]{64}$/);
      const again = await engine.preview(['--expect-no-changes']);
      expect([again.errors, again.ok]).toEqual([[], true]);
      expect((await engine.destroy()).errors).toEqual([]);
      await engine.dispose();
    },
    15 * MINUTES,
  );
});
