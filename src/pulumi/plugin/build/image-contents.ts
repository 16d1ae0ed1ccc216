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

const MOST_TAGS = 2000;
const PARALLEL_READS = 6;
const DEEPEST = 2;
/** Tags of signatures and lists of referrers name no image. */
const BESIDE_AN_IMAGE = /^sha256-[0-9a-f]{64}(\.[a-z]+)?$/;

/** An image with the manifests that it consists of, itself first. */
export interface ImageContent {
  readonly digest: Digest;
  readonly manifests: readonly Digest[];
}

/** What is in a repository, as far as a deletion has to know it. */
export class ImageContents {
  private constructor(
    private readonly client: RegistryClient,
    private readonly repository: Repository,
    private readonly tags: readonly Tag[],
    /** Manifests that stay, with what names them. */
    private readonly named: ReadonlyMap<Digest, string>,
    private readonly tooMany: boolean,
  ) {}

  /**
   * @param used digests that resources of this run rest on
   * @param pushed what the resource pushed itself: its tags keep nothing
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
    const names = tags.filter((tag) => !BESIDE_AN_IMAGE.test(tag));
    const tooMany = names.length > MOST_TAGS;
    const roots = await mapBounded(tooMany ? [] : names, PARALLEL_READS, async (tag) => {
      const found = await client.resolve(repository, tag);
      const own = pushed.some((image) => image.tag === tag && image.digest === found?.digest);
      return found && !own ? [{ digest: found.digest, by: `the tag ${tag} names it` }] : [];
    });
    const inUse = used
      .filter(isDigest)
      .map((digest) => ({ digest, by: 'another resource of this stack uses it' }));
    const named = new Map<Digest, string>();
    for (const { digest, by } of [...inUse, ...roots.flat()]) {
      for (const part of await partsOf(client, repository, digest)) named.set(part, by);
    }
    return new ImageContents(client, repository, tags, named, tooMany);
  }

  /** `undefined`: it is not there. */
  async of(digest: Digest): Promise<ImageContent | undefined> {
    const manifests = await partsOf(this.client, this.repository, digest);
    return manifests.length === 0 ? undefined : { digest, manifests };
  }

  /** Why an image may not go; `undefined`: nothing speaks for it. */
  async reasonToKeep({ digest, manifests }: ImageContent): Promise<string | undefined> {
    if (this.tooMany) {
      return `the repository has more than ${MOST_TAGS} tags, so that it was not looked whether others name it`;
    }
    const by = this.named.get(digest);
    if (by !== undefined) return by;
    for (const manifest of manifests) {
      const [referrer] = await this.client.referrers(this.repository, manifest);
      if (referrer) return `others have put ${referrer.digest} beside ${manifest}`;
      const list = fallbackTag(manifest);
      const tag = this.tags.find((each) => each === list || each.startsWith(`${list}.`));
      if (tag !== undefined) return `others have signatures of it under the tag ${tag}`;
    }
    return undefined;
  }

  /** The image first, then those of its platforms that nothing else names. */
  removable({ manifests }: ImageContent): readonly Digest[] {
    return manifests.filter((manifest) => !this.named.has(manifest));
  }
}

/** A manifest and, of an index, all that it lists; nothing where it is not there. */
async function partsOf(
  client: RegistryClient,
  repository: Repository,
  digest: Digest,
  depth = 0,
): Promise<readonly Digest[]> {
  const found = await client.getManifest(repository, digest);
  if (!found) return [];
  const { bytes, descriptor } = found;
  if (!isIndexType(descriptor.mediaType) || depth === DEEPEST) return [digest];
  const manifest = parseManifest(bytes, descriptor.mediaType);
  if (manifest.kind !== 'index') return [digest];
  const parts = await mapBounded(manifest.manifests, PARALLEL_READS, (each) =>
    partsOf(client, repository, each.digest, depth + 1),
  );
  return [...new Set([digest, ...parts.flat()])];
}
