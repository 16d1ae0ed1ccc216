import { execFileSync } from 'node:child_process';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { type RegistryAccess, get } from './registry-reader';

/** An image of one platform, as it is in the registry. */
export interface PlatformImage {
  readonly digest: string;
  readonly mediaType: string;
  readonly size: number;
  /** `os/architecture` of its config. */
  readonly platform: string;
  /** `config` of its config. */
  readonly settings: Readonly<Record<string, unknown>>;
  /**
   * Files and links of all layers by path, without folders. The value is the content, or `-> target`.
   * Bytes of a name that are not UTF-8 are written as `\xHH`.
   */
  readonly files: ReadonlyMap<string, string>;
  /** Manifest, config, and the layers unpacked: what a secret must not be in. */
  readonly bytes: Buffer;
}

export interface PushedImage {
  readonly digest: string;
  readonly mediaType: string;
  readonly size: number;
  /** Whether it is an index. */
  readonly isIndex: boolean;
  readonly platforms: readonly PlatformImage[];
}

interface Manifest {
  readonly mediaType: string;
  readonly config: { readonly digest: string };
  readonly layers: readonly { readonly digest: string; readonly mediaType: string }[];
  readonly manifests?: readonly {
    readonly digest: string;
    readonly platform: { readonly os: string; readonly architecture: string };
  }[];
}

/** Reads all of an image from the registry. */
export async function readPushed(
  access: RegistryAccess,
  path: string,
  digest: string,
): Promise<PushedImage> {
  const { body, headers } = await get(access, `${path}/manifests/${digest}`);
  const manifest = JSON.parse(body.toString('utf8')) as Manifest;
  const about = {
    digest,
    mediaType: String(headers['content-type']),
    size: body.length,
    isIndex: manifest.manifests !== undefined,
  };
  if (manifest.manifests === undefined)
    return { ...about, platforms: [await readPlatform(access, path, digest)] };
  const platforms: PlatformImage[] = [];
  for (const { digest: each, platform } of manifest.manifests) {
    const image = await readPlatform(access, path, each);
    const named = `${platform.os}/${platform.architecture}`;
    if (named !== image.platform)
      throw new Error(`the index has ${named} for an image of ${image.platform}`);
    platforms.push(image);
  }
  return { ...about, platforms };
}

async function readPlatform(
  access: RegistryAccess,
  path: string,
  digest: string,
): Promise<PlatformImage> {
  const { body, headers } = await get(access, `${path}/manifests/${digest}`);
  const manifest = JSON.parse(body.toString('utf8')) as Manifest;
  const config = (await get(access, `${path}/blobs/${manifest.config.digest}`)).body;
  const layers: Buffer[] = [];
  for (const layer of manifest.layers) {
    const blob = (await get(access, `${path}/blobs/${layer.digest}`)).body;
    layers.push(layer.mediaType.includes('gzip') ? gunzipSync(blob) : blob);
  }
  const {
    os,
    architecture,
    config: settings,
  } = JSON.parse(config.toString('utf8')) as {
    os: string;
    architecture: string;
    config: Record<string, unknown>;
  };
  return {
    digest,
    mediaType: String(headers['content-type']),
    size: body.length,
    platform: `${os}/${architecture}`,
    settings,
    files: filesOf(layers),
    bytes: Buffer.concat([body, config, ...layers]),
  };
}

/** Unpacks the layers one after another. */
function filesOf(layers: readonly Buffer[]): ReadonlyMap<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'matrix-layers-'));
  try {
    for (const layer of layers) {
      const archive = join(folder, 'layer.tar');
      writeFileSync(archive, layer);
      const root = join(folder, 'root');
      execFileSync('mkdir', ['-p', root]);
      execFileSync('tar', ['-xf', archive, '-C', root, '--no-same-owner']);
    }
    const files = new Map<string, string>();
    if (layers.length > 0) addFiles(Buffer.from(join(folder, 'root')), '', files);
    return files;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function addFiles(folder: Buffer, path: string, files: Map<string, string>): void {
  for (const entry of readdirSync(folder, { withFileTypes: true, encoding: 'buffer' })) {
    const full = Buffer.concat([folder, Buffer.from('/'), entry.name]);
    const name = `${path}/${shown(entry.name)}`;
    if (entry.isDirectory()) addFiles(full, name, files);
    else if (entry.isSymbolicLink())
      files.set(name, `-> ${shown(readlinkSync(full, { encoding: 'buffer' }))}`);
    else files.set(name, readFileSync(full).toString('utf8'));
  }
}

/** A name as text. */
function shown(name: Buffer): string {
  const text = name.toString('utf8');
  if (Buffer.from(text, 'utf8').equals(name)) return text;
  return Array.from(name, (byte) =>
    byte < 0x80 ? String.fromCharCode(byte) : `\\x${byte.toString(16)}`,
  ).join('');
}

/** The files below a folder, by their paths in it. */
export function filesBelow(
  { files }: PlatformImage,
  folder: string,
): Readonly<Record<string, string>> {
  const prefix = `${folder}/`;
  return Object.fromEntries(
    [...files]
      .filter(([path]) => path.startsWith(prefix))
      .map(([path, content]) => [path.slice(prefix.length), content]),
  );
}
