import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

import { tagGoSdk } from '../../../dev/release/go-tag';
import { notesOf } from '../../../dev/release/notes';
import { pendingRelease } from '../../../dev/release/pending';
import { applyChangesets } from '../../../dev/release/version';

const ROOT = resolve(__dirname, '..', '..', '..');
const FILES = [
  'package.json',
  'package-lock.json',
  'policy/package.json',
  'schema.json',
  'CHANGELOG.md',
  '.changeset/config.json',
  'docs/installation-configuration.md',
  'examples/existing-image-java/pom.xml',
  'examples/quickstart-go/go.mod',
  'examples/quickstart-dotnet/quickstart.csproj',
  'git-plugin/package.json',
];
const CHANGESETS = join(ROOT, 'node_modules/@changesets/cli/bin.js');
const GO_MODULE = 'github.com/pulumi-signed-image/pulumi-signed-image/sdk/go/signedimage';

let folder: string;
let clone: string;

const git = (cwd: string, ...args: string[]): string =>
  execFileSync('git', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();

const versionIn = (path: string): string =>
  (JSON.parse(readFileSync(join(clone, path), 'utf8')) as { version: string }).version;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'release-'));
  clone = join(folder, 'clone');
  for (const path of FILES) {
    mkdirSync(dirname(join(clone, path)), { recursive: true });
    copyFileSync(join(ROOT, path), join(clone, path));
  }
  writeFileSync(
    join(clone, '.changeset/a-change.md'),
    "---\n'pulumi-signed-image': minor\n---\n\nA change that users notice.\n",
  );
  mkdirSync(join(folder, 'origin'));
  git(join(folder, 'origin'), 'init', '-q', '--bare', '-b', 'main');
  git(clone, 'init', '-q', '-b', 'main');
  git(clone, 'config', 'user.name', 'release');
  git(clone, 'config', 'user.email', 'release@example.test');
  git(clone, 'remote', 'add', 'origin', join(folder, 'origin'));
  git(clone, 'add', '-A');
  git(clone, 'commit', '-q', '-m', 'before');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a release', () => {
  it('is not pending as long as there are changesets', () => {
    expect(pendingRelease(clone)).toEqual({ version: '0.1.0', isPending: false });
  });

  it('has one version in every file, and a section of the changelog', () => {
    const version = applyChangesets(clone);
    expect(version).toBe('0.2.0');
    const manifests = FILES.filter((name) => /^(?!git-plugin|\.).*\.json$/.test(name));
    for (const path of manifests) {
      expect([path, versionIn(path)]).toEqual([path, version]);
    }
    expect(readFileSync(join(clone, 'package-lock.json'), 'utf8')).not.toContain(
      '"name": "pulumi-signed-image",\n      "version": "0.1.0"',
    );
    for (const path of FILES.filter((name) => /^(docs|examples|git-plugin)\//.test(name))) {
      const text = readFileSync(join(clone, path), 'utf8');
      expect([path, text.match(/0\.1\.0/g)]).toEqual([path, null]);
      expect(text).toContain('0.2.0');
    }
    // The version of another program stays.
    expect(readFileSync(join(clone, FILES[6] ?? ''), 'utf8')).toContain(':3.1.3:');
    expect(existsSync(join(clone, '.changeset/a-change.md'))).toBe(false);
    const notes = notesOf(readFileSync(join(clone, 'CHANGELOG.md'), 'utf8'), version);
    expect(notes).toContain('A change that users notice.');
    expect(notes).not.toMatch(/^## /m);
    git(clone, 'commit', '-q', '-a', '-m', 'version');
  });

  it('is pending until its tag is pushed', () => {
    expect(pendingRelease(clone)).toEqual({ version: '0.2.0', isPending: true });
    git(clone, 'tag', 'v0.2.0');
    expect(pendingRelease(clone).isPending).toBe(true);
    git(clone, 'push', '-q', 'origin', 'v0.2.0');
    expect(pendingRelease(clone).isPending).toBe(false);
  });

  (hasGo() ? it : it.skip)(
    'has a tag of the Go SDK from which Go downloads the module, and the branch does not change',
    () => {
      mkdirSync(join(clone, 'sdk/go/signedimage'), { recursive: true });
      writeFileSync(join(clone, '.git/info/exclude'), '/sdk/\n');
      writeFileSync(join(clone, 'sdk/go/signedimage/go.mod'), `module ${GO_MODULE}\n\ngo 1.25.0\n`);
      writeFileSync(join(clone, 'sdk/go/signedimage/doc.go'), 'package signedimage\n');
      const before = git(clone, 'rev-parse', 'HEAD');
      const tag = tagGoSdk(clone);
      expect(tag).toBe('sdk/go/signedimage/v0.2.0');
      git(clone, 'push', '-q', 'origin', tag);
      expect(git(clone, 'rev-parse', 'HEAD')).toBe(before);
      expect(git(clone, 'status', '--porcelain')).toBe('');

      const go = spawnGo(['mod', 'download', '-json', `${GO_MODULE}@v0.2.0`]);
      expect(go).toMatchObject({ Path: GO_MODULE, Version: 'v0.2.0' });
    },
  );

  it('has no tag of a Go SDK that Go would not download', () => {
    const sdk = join(clone, 'sdk/go/signedimage');
    mkdirSync(sdk, { recursive: true });
    writeFileSync(join(clone, '.git/info/exclude'), '/sdk/\n');
    writeFileSync(join(sdk, 'go.mod'), `module ${GO_MODULE}\n\ngo 1.25.0\n`);
    const manifest = readFileSync(join(clone, 'package.json'), 'utf8');
    writeFileSync(join(clone, 'package.json'), manifest.replace('"0.2.0"', '"2.0.0"'));
    expect(() => tagGoSdk(clone)).toThrow(/must end with \/v2 for version 2\.0\.0/);
    writeFileSync(join(sdk, 'go.mod'), `module ${GO_MODULE}/v2\n\ngo 1.25.0\n`);
    expect(tagGoSdk(clone)).toBe('sdk/go/signedimage/v2.0.0');
    git(clone, 'checkout', '-q', 'package.json');
    expect(() => tagGoSdk(clone)).toThrow(/must have no major version/);
  });

  it('is pending for a prerelease, whose changesets stay until the final version', () => {
    const changesets = (...args: string[]): string =>
      execFileSync(process.execPath, [CHANGESETS, ...args], { cwd: clone, encoding: 'utf8' });
    changesets('pre', 'enter', 'beta');
    writeFileSync(
      join(clone, '.changeset/another.md'),
      "---\n'pulumi-signed-image': minor\n---\n\nAnother change.\n",
    );
    expect(pendingRelease(clone).isPending).toBe(false);
    expect(applyChangesets(clone)).toBe('0.3.0-beta.0');
    expect(existsSync(join(clone, '.changeset/another.md'))).toBe(true);
    expect(pendingRelease(clone)).toEqual({ version: '0.3.0-beta.0', isPending: true });
    const notes = notesOf(readFileSync(join(clone, 'CHANGELOG.md'), 'utf8'), '0.3.0-beta.0');
    expect(notes).toContain('Another change.');
    changesets('pre', 'exit');
    expect(pendingRelease(clone).isPending).toBe(false);
    expect(applyChangesets(clone)).toBe('0.3.0');
    expect(pendingRelease(clone).isPending).toBe(true);
  });
});

function hasGo(): boolean {
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Go with an empty cache, which fetches from `origin` instead of GitHub. */
function spawnGo(args: readonly string[]): Record<string, unknown> {
  const stdout = execFileSync('go', args, {
    cwd: folder,
    encoding: 'utf8',
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      GOPATH: join(folder, 'go'),
      GOFLAGS: '-modcacherw',
      GOPROXY: 'direct',
      GONOSUMDB: '*',
      GOTOOLCHAIN: 'local',
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: `url.${join(folder, 'origin')}.insteadOf`,
      GIT_CONFIG_VALUE_0: 'https://github.com/pulumi-signed-image/pulumi-signed-image',
    },
  });
  return JSON.parse(stdout) as Record<string, unknown>;
}
