import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface StoredManifest {
  readonly mediaType: string;
  readonly bytes: Buffer;
}

interface RepositoryContent {
  readonly blobs: Set<string>;
  readonly manifests: Map<string, StoredManifest>;
  readonly tags: Map<string, string>;
}

interface StoredIndex {
  readonly [repository: string]: {
    readonly blobs: readonly string[];
    readonly manifests: Readonly<Record<string, string>>;
    readonly tags: Readonly<Record<string, string>>;
  };
}

export function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/**
 * The content of the registry, in memory and optionally in a folder. Its writers do not validate,
 * so that a test can store bytes under a wrong digest.
 */
export class RegistryStore {
  readonly #blobs = new Map<string, Buffer>();
  readonly #repositories = new Map<string, RepositoryContent>();
  readonly #folder: string | undefined;

  constructor(folder?: string) {
    this.#folder = folder;
    if (folder !== undefined) this.#load(folder);
  }

  repositories(): readonly string[] {
    return [...this.#repositories.keys()].sort();
  }

  getBlob(repository: string, digest: string): Buffer | undefined {
    return this.#repositories.get(repository)?.blobs.has(digest)
      ? this.#blobs.get(digest)
      : undefined;
  }

  putBlob(repository: string, bytes: Buffer, digest = sha256(bytes)): string {
    this.#blobs.set(digest, bytes);
    this.#content(repository).blobs.add(digest);
    this.#writeBytes(digest, bytes);
    this.#writeIndex();
    return digest;
  }

  /** Mounts a blob of one repository in another; false if it does not exist. */
  mountBlob(from: string, to: string, digest: string): boolean {
    if (!this.getBlob(from, digest)) return false;
    this.#content(to).blobs.add(digest);
    this.#writeIndex();
    return true;
  }

  deleteBlob(repository: string, digest: string): boolean {
    const deleted = this.#repositories.get(repository)?.blobs.delete(digest) ?? false;
    this.#writeIndex();
    return deleted;
  }

  /** Resolves a tag, or an existing digest, to a digest. */
  resolve(repository: string, reference: string): string | undefined {
    const content = this.#repositories.get(repository);
    const digest = reference.includes(':') ? reference : content?.tags.get(reference);
    return digest !== undefined && content?.manifests.has(digest) ? digest : undefined;
  }

  getManifest(repository: string, reference: string): StoredManifest | undefined {
    const digest = this.resolve(repository, reference);
    return digest === undefined
      ? undefined
      : this.#repositories.get(repository)?.manifests.get(digest);
  }

  /** Stores a manifest under `digest` (default: its own), and sets the tag if there is one. */
  putManifest(
    repository: string,
    manifest: StoredManifest,
    {
      tag,
      digest = sha256(manifest.bytes),
    }: { readonly tag?: string; readonly digest?: string } = {},
  ): string {
    const content = this.#content(repository);
    content.manifests.set(digest, manifest);
    if (tag !== undefined) content.tags.set(tag, digest);
    this.#writeBytes(digest, manifest.bytes);
    this.#writeIndex();
    return digest;
  }

  /** Deletes a tag only, or a manifest with all its tags. */
  deleteManifest(repository: string, reference: string): boolean {
    const content = this.#repositories.get(repository);
    if (!content) return false;
    let deleted: boolean;
    if (reference.includes(':')) {
      deleted = content.manifests.delete(reference);
      for (const [tag, digest] of content.tags) if (digest === reference) content.tags.delete(tag);
    } else {
      deleted = content.tags.delete(reference);
    }
    this.#writeIndex();
    return deleted;
  }

  manifests(repository: string): ReadonlyMap<string, StoredManifest> {
    return this.#repositories.get(repository)?.manifests ?? new Map();
  }

  tags(repository: string): ReadonlyMap<string, string> | undefined {
    return this.#repositories.get(repository)?.tags;
  }

  /** Returns a function that restores the current content; for a registry in memory. */
  snapshot(): () => void {
    const copies = [...this.#repositories].map(
      ([name, { blobs, manifests, tags }]) =>
        [name, [[...blobs], [...manifests], [...tags]]] as const,
    );
    return () => {
      this.#repositories.clear();
      for (const [name, [blobs, manifests, tags]] of copies) {
        this.#repositories.set(name, {
          blobs: new Set(blobs),
          manifests: new Map(manifests),
          tags: new Map(tags),
        });
      }
    };
  }

  #content(repository: string): RepositoryContent {
    let content = this.#repositories.get(repository);
    if (!content) {
      content = { blobs: new Set(), manifests: new Map(), tags: new Map() };
      this.#repositories.set(repository, content);
    }
    return content;
  }

  #load(folder: string): void {
    mkdirSync(join(folder, 'blobs'), { recursive: true });
    const path = join(folder, 'index.json');
    if (!existsSync(path)) return;
    const index = JSON.parse(readFileSync(path, 'utf8')) as StoredIndex;
    const bytesOf = (digest: string): Buffer => readFileSync(blobPath(folder, digest));
    for (const [repository, { blobs, manifests, tags }] of Object.entries(index)) {
      const content = this.#content(repository);
      for (const digest of blobs) {
        content.blobs.add(digest);
        this.#blobs.set(digest, bytesOf(digest));
      }
      for (const [digest, mediaType] of Object.entries(manifests)) {
        content.manifests.set(digest, { mediaType, bytes: bytesOf(digest) });
      }
      for (const [tag, digest] of Object.entries(tags)) content.tags.set(tag, digest);
    }
  }

  #writeBytes(digest: string, bytes: Buffer): void {
    if (this.#folder !== undefined) writeFileSync(blobPath(this.#folder, digest), bytes);
  }

  /** Writes a temporary file and renames it, so that the folder is readable after an interruption. */
  #writeIndex(): void {
    if (this.#folder === undefined) return;
    const index: StoredIndex = Object.fromEntries(
      [...this.#repositories].map(([repository, { blobs, manifests, tags }]) => [
        repository,
        {
          blobs: [...blobs],
          manifests: Object.fromEntries(
            [...manifests].map(([digest, { mediaType }]) => [digest, mediaType]),
          ),
          tags: Object.fromEntries(tags),
        },
      ]),
    );
    const path = join(this.#folder, 'index.json');
    writeFileSync(`${path}.new`, JSON.stringify(index, null, 1));
    renameSync(`${path}.new`, path);
  }
}

function blobPath(folder: string, digest: string): string {
  return join(folder, 'blobs', digest.replace(':', '-'));
}
