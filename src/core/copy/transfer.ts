import { SignedImageError } from '../../error';
import {
  type Descriptor,
  type Digest,
  type FetchedManifest,
  formatRepository,
  PART_BYTES,
  type RegistryClient,
  type Repository,
} from '../../oci';

/** A repository, and the client with the credentials for it. */
export interface CopyEnd {
  readonly repository: Repository;
  readonly client: RegistryClient;
}

/** What a copy has written so far. */
export interface CopyCounts {
  manifests: { copied: number; existing: number };
  blobs: { copied: number; mounted: number; existing: number };
  /** Bytes of blobs that were transferred. */
  bytes: number;
}

/** Layers that registries may not store. https://github.com/opencontainers/image-spec/blob/v1.1.1/layer.md */
const NOT_DISTRIBUTED = /nondistributable|foreign/;

const ACCESS_CODES: readonly string[] = ['REGISTRY_UNAUTHORIZED', 'REGISTRY_FORBIDDEN'];

const PASSING_CODES: readonly string[] = ['REGISTRY_UNAVAILABLE', 'REGISTRY_THROTTLED'];
const MAX_UPLOADS = 3;

/** Copies blobs and manifests by digest; what the destination has is not transferred again. */
export class Transfer {
  readonly counts: CopyCounts = {
    manifests: { copied: 0, existing: 0 },
    blobs: { copied: 0, mounted: 0, existing: 0 },
    bytes: 0,
  };
  readonly #blobs = new Map<Digest, Promise<void>>();

  constructor(
    readonly source: CopyEnd,
    readonly destination: CopyEnd,
    private readonly progress: (line: string) => void,
  ) {}

  /** Fetches a manifest of the source. @throws SignedImageError `REGISTRY_NOT_FOUND` */
  async read(digest: Digest): Promise<FetchedManifest> {
    const { repository, client } = this.source;
    const fetched = await client.getManifest(repository, digest);
    return fetched ?? Promise.reject(absent(repository, digest));
  }

  /** Whether the destination has a manifest, and so everything that it refers to. */
  async has(digest: Digest): Promise<boolean> {
    const { repository, client } = this.destination;
    const exists = (await client.resolve(repository, digest)) !== undefined;
    if (exists) this.counts.manifests.existing += 1;
    return exists;
  }

  noteManifest(digest: Digest): void {
    this.counts.manifests.copied += 1;
    this.progress(`manifest ${digest}: copied`);
  }

  /** Copies a blob once, however many manifests refer to it. */
  blob(descriptor: Descriptor): Promise<void> {
    if (NOT_DISTRIBUTED.test(descriptor.mediaType)) return Promise.resolve();
    const known = this.#blobs.get(descriptor.digest) ?? this.#copyBlob(descriptor);
    this.#blobs.set(descriptor.digest, known);
    return known;
  }

  async #copyBlob(descriptor: Descriptor): Promise<void> {
    const { digest, size } = descriptor;
    const { repository, client } = this.destination;
    const report = (result: string): void =>
      this.progress(`blob ${digest} (${size} bytes): ${result}`);
    if (await client.hasBlob(repository, descriptor)) {
      this.counts.blobs.existing += 1;
      return report('exists');
    }
    if (await this.#mounted(digest)) {
      this.counts.blobs.mounted += 1;
      return report('mounted');
    }
    await (size > PART_BYTES ? this.#stream(descriptor) : this.#whole(descriptor));
    this.counts.blobs.copied += 1;
    this.counts.bytes += size;
    report('copied');
  }

  /** Without access to the source in one token, the blob is transferred. */
  async #mounted(digest: Digest): Promise<boolean> {
    const { source, destination } = this;
    if (source.repository.registry !== destination.repository.registry) return false;
    if (source.repository.path === destination.repository.path) return false;
    try {
      return await destination.client.mountBlob(destination.repository, source.repository, digest);
    } catch (error) {
      if (error instanceof SignedImageError && ACCESS_CODES.includes(error.code)) return false;
      throw error;
    }
  }

  async #whole(descriptor: Descriptor): Promise<void> {
    const { source, destination } = this;
    const bytes = await source.client.getBlob(source.repository, descriptor);
    if (bytes === undefined) throw absent(source.repository, descriptor.digest);
    await destination.client.putBlob(destination.repository, bytes, descriptor.mediaType);
  }

  /** An interrupted upload starts again, because the state of a partial upload is not reliable. */
  async #stream(descriptor: Descriptor): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#streamOnce(descriptor);
      } catch (error) {
        const isPassing = error instanceof SignedImageError && PASSING_CODES.includes(error.code);
        if (!isPassing || attempt === MAX_UPLOADS) throw error;
        this.progress(`blob ${descriptor.digest}: starts again: ${error.message}`);
      }
    }
  }

  async #streamOnce(descriptor: Descriptor): Promise<void> {
    const { source, destination } = this;
    const { digest, size } = descriptor;
    let sent = 0;
    const found = await destination.client.putBlobParts(destination.repository, digest, (write) =>
      source.client.getBlobParts(source.repository, descriptor, async (part) => {
        await write(part);
        sent += part.length;
        this.progress(`blob ${digest}: ${sent} of ${size} bytes`);
      }),
    );
    if (!found) throw absent(source.repository, digest);
  }
}

function absent(repository: Repository, digest: Digest): SignedImageError {
  return new SignedImageError({
    code: 'REGISTRY_NOT_FOUND',
    message: `${formatRepository(repository)} does not have ${digest}, which the image refers to`,
  });
}
