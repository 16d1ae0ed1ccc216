import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { buildLauncher, releaseVersion, writeLauncher, writePluginFiles } from './plugin-files';
import { writeSbom } from './sbom';

/** The platforms that Pulumi runs on, as `pulumi plugin install` names them. */
const UNIX = ['linux-amd64', 'linux-arm64', 'darwin-amd64', 'darwin-arm64'];
const WINDOWS = ['windows-amd64', 'windows-arm64'];

/** The time of all files in an archive: with the same commit, an archive has the same bytes. */
const sourceDate = (): string =>
  process.env['SOURCE_DATE_EPOCH'] ??
  execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: __dirname, encoding: 'utf8' }).trim();

/** GNU tar, with everything fixed that is of the machine. gzip stores neither name nor time from a pipe. */
function archive(folder: string, file: string): void {
  const fixed = ['--sort=name', `--mtime=@${sourceDate()}`, '--mode=u+rw,go+r,go-w'];
  const owner = ['--owner=0', '--group=0', '--numeric-owner', '--format=ustar'];
  const tar = execFileSync('tar', [...fixed, ...owner, '-c', ...readdirSync(folder).sort()], {
    cwd: folder,
    maxBuffer: 1024 ** 3,
  });
  writeFileSync(file, execFileSync('gzip', ['-n'], { input: tar, maxBuffer: 1024 ** 3 }));
}

const nameOf = (version: string, platform: string): string =>
  `pulumi-resource-signed-image-v${version}-${platform}.tar.gz`;

/** Lists the digests of the files in `out`, in the format of `sha256sum`. */
export function writeChecksums(out: string): void {
  const names = readdirSync(out)
    .filter((name) => name !== 'SHA256SUMS')
    .sort();
  const lines = names.map((name) => {
    const digest = createHash('sha256')
      .update(readFileSync(join(out, name)))
      .digest('hex');
    return `${digest}  ${name}\n`;
  });
  writeFileSync(join(out, 'SHA256SUMS'), lines.join(''));
}

/** Builds the archives of these platforms; the files of one system differ only in their names. */
export function buildArchives(out: string, platforms: readonly string[]): void {
  const version = releaseVersion();
  const folder = mkdtempSync(join(tmpdir(), 'plugin-archive-'));
  mkdirSync(out, { recursive: true });
  try {
    writePluginFiles(folder);
    writeSbom(join(folder, 'lib'), join(out, `pulumi-resource-signed-image-v${version}.cdx.json`));
    for (const platform of platforms.filter((one) => WINDOWS.includes(one))) {
      const [goos = '', goarch = ''] = platform.split('-');
      buildLauncher(folder, goos, goarch);
      archive(folder, join(out, nameOf(version, platform)));
      rmSync(join(folder, 'pulumi-resource-signed-image.exe'));
    }
    const [first, ...others] = platforms.filter((one) => UNIX.includes(one));
    if (first === undefined) return;
    writeLauncher(folder);
    archive(folder, join(out, nameOf(version, first)));
    for (const platform of others) {
      copyFileSync(join(out, nameOf(version, first)), join(out, nameOf(version, platform)));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `[--out FOLDER] [PLATFORM...]` */
function main(args: readonly string[]): void {
  const at = args.indexOf('--out');
  const out = resolve(at === -1 ? 'release' : (args[at + 1] ?? 'release'));
  const named = args.filter((_, index) => at === -1 || (index !== at && index !== at + 1));
  const unknown = named.filter((name) => ![...UNIX, ...WINDOWS].includes(name));
  if (unknown.length > 0) throw new Error(`unknown platform ${unknown.join(', ')}`);
  buildArchives(out, named.length === 0 ? [...UNIX, ...WINDOWS] : named);
  writeChecksums(out);
  for (const line of readFileSync(join(out, 'SHA256SUMS'), 'utf8').trimEnd().split('\n')) {
    console.log(line);
  }
}

if (require.main === module) main(process.argv.slice(2));
