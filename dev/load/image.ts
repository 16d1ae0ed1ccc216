import { gzipSync } from 'node:zlib';

import { type RunningRegistry, sha256 } from '../registry';
import { type Digest, parseDigest } from '../../src/oci';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

/** Adds a small unsigned image with unique content to a repository. */
export function storeImage({ store }: RunningRegistry, repository: string): Digest {
  const layer = Buffer.from(`the only layer of ${repository}`);
  const config = {
    architecture: 'amd64',
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: [sha256(layer)] },
  };
  const blob = (bytes: Buffer, mediaType: string) => ({
    mediaType,
    digest: store.putBlob(repository, bytes),
    size: bytes.length,
  });
  const manifest = {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: blob(Buffer.from(JSON.stringify(config)), 'application/vnd.oci.image.config.v1+json'),
    layers: [blob(gzipSync(layer), 'application/vnd.oci.image.layer.v1.tar+gzip')],
  };
  const bytes = Buffer.from(JSON.stringify(manifest));
  return parseDigest(store.putManifest(repository, { mediaType: MANIFEST, bytes }, { tag: 'v1' }));
}
