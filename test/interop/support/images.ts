import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';

import { sha256 } from '../../../dev/registry';

export interface PushedManifest {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

export interface PushedImage extends PushedManifest {
  /** `host/path`. */
  readonly repository: string;
  /** `host/path@digest`. */
  readonly reference: string;
  /** The platform manifests of an index; empty for a single image. */
  readonly platforms: readonly PushedManifest[];
}

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const INDEX = 'application/vnd.oci.image.index.v1+json';

async function pushBlob(
  host: string,
  path: string,
  bytes: Buffer,
  mediaType: string,
): Promise<PushedManifest> {
  const digest = sha256(bytes);
  const begin = await fetch(`http://${host}/v2/${path}/blobs/uploads/`, { method: 'POST' });
  const location = new URL(begin.headers.get('location') ?? '', `http://${host}`);
  location.searchParams.set('digest', digest);
  const end = await fetch(location, {
    method: 'PUT',
    body: new Uint8Array(bytes),
    headers: { 'content-type': 'application/octet-stream' },
  });
  if (end.status !== 201) throw new Error(`blob upload answered ${end.status}`);
  return { mediaType, digest, size: bytes.length };
}

async function pushManifest(
  host: string,
  path: string,
  manifest: object,
  mediaType: string,
  tag?: string,
) {
  const bytes = Buffer.from(JSON.stringify(manifest));
  const digest = sha256(bytes);
  const answer = await fetch(`http://${host}/v2/${path}/manifests/${tag ?? digest}`, {
    method: 'PUT',
    body: new Uint8Array(bytes),
    headers: { 'content-type': mediaType },
  });
  if (answer.status !== 201) throw new Error(`manifest upload answered ${answer.status}`);
  return { mediaType, digest, size: bytes.length };
}

async function pushPlatform(host: string, path: string, architecture: string, tag?: string) {
  const layer = Buffer.from(`a layer of ${architecture}, ${randomBytes(8).toString('hex')}`);
  const config = {
    architecture,
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: [sha256(layer)] },
  };
  return pushManifest(
    host,
    path,
    {
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: await pushBlob(
        host,
        path,
        Buffer.from(JSON.stringify(config)),
        'application/vnd.oci.image.config.v1+json',
      ),
      layers: [
        await pushBlob(host, path, gzipSync(layer), 'application/vnd.oci.image.layer.v1.tar+gzip'),
      ],
    },
    MANIFEST,
    tag,
  );
}

let pushed = 0;

/** A separate repository for each image, so that tests are independent. */
function freshPath(): string {
  pushed += 1;
  return `interop/app-${pushed}`;
}

/** Pushes a small image with plain requests, without code of this package. */
export async function pushImage(host: string): Promise<PushedImage> {
  const path = freshPath();
  const manifest = await pushPlatform(host, path, 'amd64', 'v1');
  const repository = `${host}/${path}`;
  return { ...manifest, repository, reference: `${repository}@${manifest.digest}`, platforms: [] };
}

/** Pushes an index of two platforms. */
export async function pushIndex(host: string): Promise<PushedImage> {
  const path = freshPath();
  const platforms = [
    {
      ...(await pushPlatform(host, path, 'amd64')),
      platform: { os: 'linux', architecture: 'amd64' },
    },
    {
      ...(await pushPlatform(host, path, 'arm64')),
      platform: { os: 'linux', architecture: 'arm64' },
    },
  ];
  const index = { schemaVersion: 2, mediaType: INDEX, manifests: platforms };
  const manifest = await pushManifest(host, path, index, INDEX, 'v1');
  const repository = `${host}/${path}`;
  return { ...manifest, repository, reference: `${repository}@${manifest.digest}`, platforms };
}
