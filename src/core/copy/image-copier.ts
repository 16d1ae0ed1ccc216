import { SignedImageError } from '../../error';
import {
  type Descriptor,
  type Digest,
  type FetchedManifest,
  formatRepository,
  hexOf,
  type ImageIndex,
  type ImageManifest,
  parseManifest,
  parseTag,
  type Tag,
} from '../../oci';
import { mapBounded, mergeLegacyTag } from '../../storage';
import type { Transfer } from './transfer';

const PARALLEL_BLOBS = 2;
/** An index, one nested index, and their manifests. */
const MAX_DEPTH = 4;
/** Of a referrer of a referrer of the image, as the signature of an SBOM. */
const MAX_REFERRER_DEPTH = 4;
const MAX_MANIFESTS = 5000;

/** The tags of cosign that name what belongs to a manifest. */
const LEGACY_SUFFIXES = ['sig', 'att', 'sbom'] as const;

/** What was copied beside the image. */
export interface CopiedExtras {
  readonly referrers: readonly Digest[];
  readonly tags: readonly Tag[];
}

/** Copies an image with everything that refers to it. */
export class ImageCopier {
  readonly #referrers = new Set<Digest>();
  readonly #tags = new Set<Tag>();
  readonly #copied = new Map<Digest, FetchedManifest>();

  constructor(private readonly transfer: Transfer) {}

  get extras(): CopiedExtras {
    return { referrers: [...this.#referrers], tags: [...this.#tags] };
  }

  /**
   * Copies an image by its digest, with its platform manifests, and what belongs to each of them. The tag that names the
   * image is written by the caller afterwards, so that what it names is complete.
   */
  async copy(digest: Digest): Promise<FetchedManifest> {
    const root = await this.#manifest(digest, 0);
    // A snapshot: what refers to a referrer is copied with it.
    for (const manifest of [...this.#copied.values()]) {
      await this.#referrersOf(manifest.descriptor, 0);
      await this.#legacyTags(manifest.descriptor.digest);
    }
    return root;
  }

  /** Copies a manifest after everything that it refers to. */
  async #manifest(digest: Digest, depth: number): Promise<FetchedManifest> {
    const known = this.#copied.get(digest);
    if (known) return known;
    if (depth > MAX_DEPTH || this.#copied.size >= MAX_MANIFESTS) throw tooLarge(digest);
    const fetched = await this.transfer.read(digest);
    const manifest = parseManifest(fetched.bytes, fetched.descriptor.mediaType);
    // The manifests of an index are visited even if it exists, for what refers to them.
    if (manifest.kind === 'index')
      for (const child of manifest.manifests) await this.#manifest(child.digest, depth + 1);
    this.#copied.set(digest, fetched);
    if (await this.transfer.has(digest)) return fetched;
    await this.#blobsOf(manifest);
    const { repository, client } = this.transfer.destination;
    const { bytes, descriptor } = fetched;
    await client.putManifest(repository, digest, bytes, descriptor.mediaType);
    this.transfer.noteManifest(digest);
    return fetched;
  }

  async #blobsOf(manifest: ImageManifest | ImageIndex): Promise<void> {
    if (manifest.kind === 'index') return;
    await mapBounded([manifest.config, ...manifest.layers], PARALLEL_BLOBS, (blob) =>
      this.transfer.blob(blob),
    );
  }

  async #referrersOf(subject: Descriptor, depth: number): Promise<void> {
    const { source, destination } = this.transfer;
    const listed = await source.client.referrers(source.repository, subject.digest);
    if (listed.length === 0) return;
    if (depth > MAX_REFERRER_DEPTH) throw tooLarge(subject.digest);
    const there = await destination.client.referrers(destination.repository, subject.digest);
    const known = new Set(there.map(({ digest }) => digest));
    for (const { digest } of listed) {
      if (this.#copied.has(digest) || this.#referrers.has(digest)) continue;
      // Listed but absent: it was removed in between, or the list is stale.
      const fetched = await source.client.getManifest(source.repository, digest);
      if (fetched === undefined) continue;
      const manifest = parseManifest(fetched.bytes, fetched.descriptor.mediaType);
      // A list may contain manifests of another subject, which clients ignore.
      if (manifest.subject?.digest !== subject.digest) continue;
      this.#referrers.add(digest);
      if (this.#referrers.size > MAX_MANIFESTS) throw tooLarge(subject.digest);
      if (!known.has(digest) || !(await this.transfer.has(digest))) {
        if (manifest.kind === 'index')
          for (const child of manifest.manifests) await this.#manifest(child.digest, 1);
        await this.#blobsOf(manifest);
        const { bytes, descriptor } = fetched;
        const { client, repository } = destination;
        await client.putReferrer(repository, subject, bytes, descriptor.mediaType);
        this.transfer.noteManifest(digest);
      }
      await this.#referrersOf(fetched.descriptor, depth + 1);
      await this.#legacyTags(digest);
    }
  }

  async #legacyTags(subject: Digest): Promise<void> {
    const { source, destination } = this.transfer;
    for (const suffix of LEGACY_SUFFIXES) {
      const tag = parseTag(`sha256-${hexOf(subject)}.${suffix}`);
      const fetched = await source.client.getManifest(source.repository, tag);
      if (fetched === undefined) continue;
      this.#tags.add(tag);
      const there = await destination.client.getManifest(destination.repository, tag);
      if (there?.descriptor.digest === fetched.descriptor.digest) {
        this.transfer.counts.manifests.existing += 1;
        continue;
      }
      const { bytes, descriptor } = fetched;
      const manifest = parseManifest(bytes, descriptor.mediaType);
      await this.#blobsOf(manifest);
      if (there === undefined) {
        const { client, repository } = destination;
        await client.putManifest(repository, tag, bytes, descriptor.mediaType);
      } else if (suffix !== 'sbom' && manifest.kind === 'image') {
        // Other signatures at the destination remain.
        const purpose = suffix === 'sig' ? 'signature' : 'attestation';
        await mergeLegacyTag(destination.client, {
          repository: destination.repository,
          subject,
          purpose,
          layers: manifest.layers,
        });
      } else throw conflict(`${formatRepository(destination.repository)}:${tag}`);
      this.transfer.noteManifest(descriptor.digest);
    }
  }
}

function tooLarge(digest: Digest): SignedImageError {
  return new SignedImageError({
    code: 'CONTENT_TOO_LARGE',
    message: `${digest} refers to more manifests than can be copied (${MAX_MANIFESTS}, nested ${MAX_DEPTH} levels deep)`,
  });
}

function conflict(name: string): SignedImageError {
  return new SignedImageError({
    code: 'REGISTRY_CONFLICT',
    message: `${name} exists and refers to another SBOM; remove it, or copy to another repository`,
  });
}
