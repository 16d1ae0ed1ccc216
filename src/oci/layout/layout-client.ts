import { join } from 'node:path';

import { SignedImageError } from '../../error';
import { readRegularFile } from '../../host/regular-file';
import { MAX_BLOB_BYTES } from '../blob-store';
import type { FetchedManifest, RegistryClient } from '../client';
import type { Descriptor } from '../descriptor';
import { type Digest, digestOf, hexOf, isDigest } from '../digest';
import { MAX_MANIFEST_BYTES, parseManifest } from '../manifest';
import { OCI_INDEX, OCI_MANIFEST } from '../media-type';
import type { Tag } from '../reference';
import { TraitsByRepository } from '../registry-traits';
import { parseJsonObject } from '../strict-json';
import { BLOB_FOLDER, hasTag, INDEX_FILE, parseLayoutIndex } from './layout-index';

/** Reads a file up to a size; `undefined` if it does not exist. */
async function readBounded(path: string, limit: number): Promise<Buffer | undefined> {
  try {
    return await readRegularFile(path, limit);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

function readOnly(): never {
  throw new SignedImageError({
    code: 'INTERNAL',
    message: 'an OCI layout is read only',
  });
}

/** A manifest may leave out its type; then its members show what it is. */
function mediaTypeOf(bytes: Buffer): string {
  const { mediaType, manifests } = parseJsonObject(bytes, 'the manifest');
  if (typeof mediaType === 'string') return mediaType;
  return manifests === undefined ? OCI_MANIFEST : OCI_INDEX;
}

class LayoutReader {
  #index: Promise<readonly Descriptor[]> | undefined;

  constructor(private readonly folder: string) {}

  async manifest(target: Tag | Digest): Promise<FetchedManifest | undefined> {
    const digest = isDigest(target) ? target : await this.#named(target);
    if (digest === undefined) return undefined;
    const bytes = await this.#content(digest, MAX_MANIFEST_BYTES);
    if (bytes === undefined) return undefined;
    return { descriptor: { mediaType: mediaTypeOf(bytes), digest, size: bytes.length }, bytes };
  }

  async blob({ digest, size }: Descriptor): Promise<Buffer | undefined> {
    const bytes = await this.#content(digest, MAX_BLOB_BYTES);
    if (bytes !== undefined && bytes.length !== size) throw this.#mismatch(digest);
    return bytes;
  }

  /** Returns the entries of `index.json` whose manifests have this subject. */
  async referrers(subject: Digest): Promise<readonly Descriptor[]> {
    const found: Descriptor[] = [];
    for (const entry of await this.#entries()) {
      const fetched = await this.manifest(entry.digest);
      if (fetched === undefined) continue;
      const manifest = parseManifest(fetched.bytes, fetched.descriptor.mediaType);
      if (manifest.subject?.digest === subject) found.push(entry);
    }
    return found;
  }

  async #named(tag: Tag): Promise<Digest | undefined> {
    return (await this.#entries()).find((entry) => hasTag(entry, tag))?.digest;
  }

  #entries(): Promise<readonly Descriptor[]> {
    this.#index ??= readBounded(join(this.folder, INDEX_FILE), MAX_MANIFEST_BYTES).then((bytes) => {
      if (bytes !== undefined) return parseLayoutIndex(bytes);
      throw new SignedImageError({
        code: 'CONTENT_MALFORMED',
        message: `${this.folder} is not an OCI layout: it does not have the file ${INDEX_FILE}`,
      });
    });
    return this.#index;
  }

  async #content(digest: Digest, limit: number): Promise<Buffer | undefined> {
    const bytes = await readBounded(join(this.folder, BLOB_FOLDER, hexOf(digest)), limit);
    if (bytes !== undefined && digestOf(bytes) !== digest) throw this.#mismatch(digest);
    return bytes;
  }

  #mismatch(digest: Digest): SignedImageError {
    return new SignedImageError({
      code: 'CONTENT_MISMATCH',
      message: `${join(this.folder, BLOB_FOLDER, hexOf(digest))} does not contain what its name specifies: the file was changed`,
    });
  }
}

/**
 * Creates a client that reads an OCI layout instead of a registry, so that an image in a folder is verified by the
 * same code. Every repository is this layout; tags are the reference names in `index.json`. All content is verified
 * against its digest. It cannot write.
 */
export function createLayoutClient(folder: string): RegistryClient {
  const reader = new LayoutReader(folder);
  const traits = new TraitsByRepository();
  const client: RegistryClient = {
    resolve: async (_repository, target) => (await reader.manifest(target))?.descriptor,
    getManifest: (_repository, target) => reader.manifest(target),
    getBlob: (_repository, descriptor) => reader.blob(descriptor),
    getBlobParts: async (_repository, descriptor, write) => {
      const bytes = await reader.blob(descriptor);
      if (bytes !== undefined) await write(bytes);
      return bytes !== undefined;
    },
    referrers: (_repository, subject) => reader.referrers(subject),
    checkAccess: async (_repository, _access, target) =>
      target === undefined ? undefined : reader.manifest(target),
    traits: (repository) => traits.of(repository),
    task: () => client,
    close: async () => undefined,
    tags: readOnly,
    putManifest: readOnly,
    putBlob: readOnly,
    hasBlob: async (_repository, descriptor) => (await reader.blob(descriptor)) !== undefined,
    mountBlob: readOnly,
    putBlobParts: readOnly,
    putReferrer: readOnly,
    removeManifest: readOnly,
    removeReferrer: readOnly,
  };
  return client;
}
