import {
  type Descriptor,
  type Digest,
  type FetchedManifest,
  isDigest,
  type RegistryClient,
  type Tag,
} from '../oci';

/** What a client has read of one repository. */
export interface Recording {
  readonly manifests: ReadonlyMap<Digest, FetchedManifest>;
  readonly tags: ReadonlyMap<Tag, Digest>;
  readonly blobs: ReadonlyMap<Digest, Buffer>;
}

/**
 * Creates a client that keeps everything it reads of one repository. So that an export holds exactly the bytes that
 * were verified, each digest is read once, and later reads return the same bytes.
 */
export function createRecordingClient(client: RegistryClient): {
  readonly client: RegistryClient;
  readonly recording: Recording;
} {
  const manifests = new Map<Digest, FetchedManifest>();
  const tags = new Map<Tag, Digest>();
  const blobs = new Map<Digest, Buffer>();
  const wrap = (inner: RegistryClient): RegistryClient => {
    const wrapped: RegistryClient = {
      ...inner,
      async getManifest(repository, target) {
        const digest = isDigest(target) ? target : tags.get(target);
        const known = digest && manifests.get(digest);
        if (known) return known;
        const fetched = await inner.getManifest(repository, target);
        if (fetched === undefined) return undefined;
        manifests.set(fetched.descriptor.digest, fetched);
        if (!isDigest(target)) tags.set(target, fetched.descriptor.digest);
        return fetched;
      },
      async getBlob(repository, descriptor: Descriptor) {
        const known = blobs.get(descriptor.digest);
        if (known?.length === descriptor.size) return known;
        const bytes = await inner.getBlob(repository, descriptor);
        if (bytes !== undefined) blobs.set(descriptor.digest, bytes);
        return bytes;
      },
      task: (options) => wrap(inner.task(options)),
    };
    return wrapped;
  };
  return { client: wrap(client), recording: { manifests, tags, blobs } };
}
