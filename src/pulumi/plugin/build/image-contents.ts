import {
  type Digest,
  fallbackTag,
  isDigest,
  isIndexType,
  parseManifest,
  type RegistryClient,
  type Repository,
  type Tag,
} from '../../../oci';
import { mapBounded } from '../../../storage';
import type { PushedImageOutput } from '../../resources/signature-outputs';

const MAX_TAGS = 2000;
const PARALLEL_READS = 6;
const MAX_INDEX_DEPTH = 2;
/** Tags of signatures and of referrers lists, which are not images. */
const SIGNATURE_TAG = /^sha256-[0-9a-f]{64}(\.[a-z]+)?$/;

/** An image with all of its manifests, its own first. */
export interface ImageContent {
  readonly digest: Digest;
  readonly manifests: readonly Digest[];
}

/** The content of a repository that a deletion must take into account. */
export class ImageContents {
  private constructor(
    private readonly client: RegistryClient,
    private readonly repository: Repository,
    private readonly tags: readonly Tag[],
    /** Manifests to keep, with what refers to them. */
    private readonly named: ReadonlyMap<Digest, string>,
    private readonly tooMany: boolean,
  ) {}

  /**
   * @param used digests that resources of this run depend on
   * @param pushed the images that the resource itself pushed: their tags do not keep an image
   */
  static async read(
    client: RegistryClient,
    repository: Repository,
    {
      used,
      pushed,
    }: { readonly used: readonly string[]; readonly pushed: readonly PushedImageOutput[] },
  ): Promise<ImageContents> {
    const tags = await client.tags(repository);
    const names = tags.filter((tag) => !SIGNATURE_TAG.test(tag));
    const tooMany = names.length > MAX_TAGS;
    const roots = await mapBounded(tooMany ? [] : names, PARALLEL_READS, async (tag) => {
      const found = await client.resolve(repository, tag);
      const own = pushed.some((image) => image.tag === tag && image.digest === found?.digest);
      return found && !own ? [{ digest: found.digest, by: `the tag ${tag} refers to it` }] : [];
    });
    const inUse = used
      .filter(isDigest)
      .map((digest) => ({ digest, by: 'another resource of this stack uses it' }));
    const named = new Map<Digest, string>();
    for (const { digest, by } of [...inUse, ...roots.flat()]) {
      for (const part of await manifestsOf(client, repository, digest)) named.set(part, by);
    }
    return new ImageContents(client, repository, tags, named, tooMany);
  }

  /** Returns `undefined` if the registry does not have it. */
  async of(digest: Digest): Promise<ImageContent | undefined> {
    const manifests = await manifestsOf(this.client, this.repository, digest);
    return manifests.length === 0 ? undefined : { digest, manifests };
  }

  /** Returns why an image must be kept; `undefined` if it can be removed. */
  async reasonToKeep({ digest, manifests }: ImageContent): Promise<string | undefined> {
    if (this.tooMany) {
      return `the repository has more than ${MAX_TAGS} tags, so other references to it were not checked`;
    }
    const by = this.named.get(digest);
    if (by !== undefined) return by;
    for (const manifest of manifests) {
      const [referrer] = await this.client.referrers(this.repository, manifest);
      if (referrer)
        return `${manifest} has the referrer ${referrer.digest}, which this resource did not write`;
      const list = fallbackTag(manifest);
      const tag = this.tags.find((each) => each === list || each.startsWith(`${list}.`));
      if (tag !== undefined)
        return `the tag ${tag} has signatures of it that this resource did not write`;
    }
    return undefined;
  }

  /** The image first, then its platform manifests that nothing else refers to. */
  removable({ manifests }: ImageContent): readonly Digest[] {
    return manifests.filter((manifest) => !this.named.has(manifest));
  }
}

/** Returns a manifest and, for an index, all manifests that it lists; empty if the registry does not have it. */
async function manifestsOf(
  client: RegistryClient,
  repository: Repository,
  digest: Digest,
  depth = 0,
): Promise<readonly Digest[]> {
  const found = await client.getManifest(repository, digest);
  if (!found) return [];
  const { bytes, descriptor } = found;
  if (!isIndexType(descriptor.mediaType) || depth === MAX_INDEX_DEPTH) return [digest];
  const manifest = parseManifest(bytes, descriptor.mediaType);
  if (manifest.kind !== 'index') return [digest];
  const parts = await mapBounded(manifest.manifests, PARALLEL_READS, (each) =>
    manifestsOf(client, repository, each.digest, depth + 1),
  );
  return [...new Set([digest, ...parts.flat()])];
}
