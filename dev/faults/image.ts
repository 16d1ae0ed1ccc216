import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';

import { type RunningRegistry, sha256 } from '../registry';
import { REPOSITORY } from './world';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const INDEX = 'application/vnd.oci.image.index.v1+json';

/** Adds an image to the registry's store, and returns its digest. */
export function storeImage({ store }: RunningRegistry, architecture = 'amd64'): string {
  const layer = Buffer.from(`a layer of ${architecture}, ${randomBytes(8).toString('hex')}`);
  const config = Buffer.from(
    JSON.stringify({
      architecture,
      os: 'linux',
      rootfs: { type: 'layers', diff_ids: [sha256(layer)] },
    }),
  );
  const blob = (bytes: Buffer, mediaType: string) => ({
    mediaType,
    digest: store.putBlob(REPOSITORY, bytes),
    size: bytes.length,
  });
  const manifest = {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: blob(config, 'application/vnd.oci.image.config.v1+json'),
    layers: [blob(gzipSync(layer), 'application/vnd.oci.image.layer.v1.tar+gzip')],
  };
  return store.putManifest(REPOSITORY, {
    mediaType: MANIFEST,
    bytes: Buffer.from(JSON.stringify(manifest)),
  });
}

/** Like `storeImage`, for an index of two platforms. */
export function storeIndex(registry: RunningRegistry): string {
  const manifests = ['amd64', 'arm64'].map((architecture) => {
    const digest = storeImage(registry, architecture);
    const size = registry.store.getManifest(REPOSITORY, digest)?.bytes.length ?? 0;
    return { mediaType: MANIFEST, digest, size, platform: { os: 'linux', architecture } };
  });
  const index = { schemaVersion: 2, mediaType: INDEX, manifests };
  return registry.store.putManifest(REPOSITORY, {
    mediaType: INDEX,
    bytes: Buffer.from(JSON.stringify(index)),
  });
}
