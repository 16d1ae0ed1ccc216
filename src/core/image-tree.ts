import type { Descriptor, Digest } from '../oci';
import { mapBounded } from '../storage/bounded';
import {
  type FoundSignature,
  listSignatures,
  readImageManifests,
  type UnreadableSignature,
} from '../verify';
import { type CoreOptions, type ImageArgs, withImage } from './image';

const PARALLEL_MANIFESTS = 4;

/** One manifest of an image, and what is stored for it. Nothing of it is verified. */
export interface TreeManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  /** `os/architecture[/variant]`; absent for the image itself. */
  readonly platform?: string;
  /** Signatures and attestations in both formats, as they say of themselves. */
  readonly signatures: readonly Omit<FoundSignature, 'subject' | 'platform'>[];
  /** What is stored as a signature and cannot be read. */
  readonly unreadable: readonly Omit<UnreadableSignature, 'subject'>[];
  /** Other artifacts that refer to the manifest (OCI referrers), such as SBOMs. */
  readonly artifacts: readonly Descriptor[];
}

export interface ImageTree {
  /** `host/repo@sha256:...`. */
  readonly reference: string;
  readonly digest: Digest;
  /** The image or index first, then its platform manifests. */
  readonly manifests: readonly TreeManifest[];
}

/**
 * Lists everything that is stored for an image and its platform manifests.
 *
 * @throws SignedImageError `REGISTRY_*`, `CONTENT_*`
 */
export async function imageTree(args: ImageArgs, options: CoreOptions = {}): Promise<ImageTree> {
  return withImage(args, options, async ({ repository, digest, reference, client }) => {
    const task = client.task();
    const manifests = await readImageManifests(repository, digest, task);
    const stored = await listSignatures(repository, digest, task);
    const known = new Set([...stored.signatures, ...stored.unreadable].map((each) => each.stored));
    const described = await mapBounded(
      manifests,
      PARALLEL_MANIFESTS,
      async ({ descriptor, platform }): Promise<TreeManifest> => {
        const referrers = await task.referrers(repository, descriptor.digest);
        return {
          digest: descriptor.digest,
          mediaType: descriptor.mediaType,
          ...(platform !== undefined && { platform }),
          signatures: stored.signatures
            .filter(({ subject }) => subject === descriptor.digest)
            .map(({ subject: _subject, platform: _platform, ...each }) => each),
          unreadable: stored.unreadable
            .filter(({ subject }) => subject === descriptor.digest)
            .map(({ subject: _subject, ...each }) => each),
          artifacts: referrers.filter(({ digest: each }) => !known.has(each)),
        };
      },
    );
    return { reference, digest, manifests: described };
  });
}
