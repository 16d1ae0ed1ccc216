import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';

const run = promisify(execFile);

/** The settings of an image config: `config` of Docker's image format. */
export type ImageSettings = Readonly<Record<string, unknown>>;

export interface BaseImage {
  /** `host:port` of a registry on loopback that needs no login. */
  readonly registry: string;
  /** `repository:tag`. */
  readonly name: string;
  /** Settings besides the default `PATH`. */
  readonly settings?: ImageSettings;
  /** Files besides the shell's, by their absolute paths. */
  readonly files?: Readonly<Record<string, string>>;
  /** Default: this machine's, `amd64` or `arm64`. */
  readonly architecture?: string;
}

const APPLETS = ['sh', 'cat', 'chmod', 'echo', 'env', 'false', 'head', 'id', 'ls', 'mkdir'];
const FURTHER_APPLETS = ['printf', 'rm', 'sed', 'sleep', 'stat', 'test', 'touch', 'true', 'wc'];
const DEFAULT_PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Pushes an image with a shell (Debian's `busybox-static`), in Docker's image format, which has every
 * setting of a base image. Does not use a builder.
 *
 * @returns the reference to write after FROM
 */
export async function pushBaseImage(image: BaseImage): Promise<string> {
  const [repository = '', tag = 'latest'] = image.name.split(':');
  const url = `http://${image.registry}/v2/${repository}`;
  const tar = await rootFileSystem(image.files ?? {});
  const layer = gzipSync(tar);
  const config = Buffer.from(
    JSON.stringify({
      architecture: image.architecture ?? (process.arch === 'x64' ? 'amd64' : process.arch),
      os: 'linux',
      created: '2026-01-01T00:00:00Z',
      config: { Env: [DEFAULT_PATH], ...image.settings },
      rootfs: { type: 'layers', diff_ids: [digestOf(tar)] },
      history: historyOf(image.settings),
    }),
  );
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: { mediaType: CONFIG, ...(await pushBlob(url, config)) },
      layers: [{ mediaType: LAYER, ...(await pushBlob(url, layer)) }],
    }),
  );
  const put = { method: 'PUT', body: manifest, headers: { 'content-type': MANIFEST } };
  await expectCreated(await fetch(`${url}/manifests/${tag}`, put));
  return `${image.registry}/${repository}:${tag}`;
}

/** The history as builders write it: podman reads SHELL only from it. */
function historyOf(settings: ImageSettings = {}): readonly unknown[] {
  const shell = settings['Shell'] as readonly string[] | undefined;
  const created = '2026-01-01T00:00:00Z';
  return [
    { created, created_by: 'busybox' },
    ...(shell ? [{ created, created_by: `SHELL [${shell.join(' ')}]`, empty_layer: true }] : []),
  ];
}

const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
const CONFIG = 'application/vnd.docker.container.image.v1+json';
const LAYER = 'application/vnd.docker.image.rootfs.diff.tar.gzip';

async function rootFileSystem(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'base-image-'));
  try {
    const root = join(folder, 'root');
    for (const name of ['bin', 'etc', 'root', 'tmp', 'srv'])
      await mkdir(join(root, name), { recursive: true });
    await copyFile('/bin/busybox', join(root, 'bin/busybox'));
    for (const applet of [...APPLETS, ...FURTHER_APPLETS])
      await symlink('busybox', join(root, 'bin', applet));
    await writeFile(
      join(root, 'etc/passwd'),
      'root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:app:/srv:/bin/sh\n',
    );
    await writeFile(join(root, 'etc/group'), 'root:x:0:\napp:x:1000:\n');
    for (const [path, content] of Object.entries(files)) {
      await mkdir(join(root, path, '..'), { recursive: true });
      await writeFile(join(root, path), content);
    }
    const archive = join(folder, 'root.tar');
    const reproducible = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner'];
    await run('tar', ['-cf', archive, ...reproducible, '-C', root, '.']);
    return await readFile(archive);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const digestOf = (bytes: Buffer): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

interface Blob {
  readonly digest: string;
  readonly size: number;
}

async function pushBlob(url: string, bytes: Buffer): Promise<Blob> {
  const started = await fetch(`${url}/blobs/uploads/`, { method: 'POST' });
  const location = new URL(started.headers.get('location') ?? '', url);
  const digest = digestOf(bytes);
  location.searchParams.set('digest', digest);
  const headers = { 'content-type': 'application/octet-stream' };
  await expectCreated(await fetch(location, { method: 'PUT', body: bytes, headers }));
  return { digest, size: bytes.length };
}

async function expectCreated(response: Response): Promise<void> {
  if (response.status === 201) return;
  throw new Error(`the registry responded with ${response.status}: ${await response.text()}`);
}
