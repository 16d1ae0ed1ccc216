import { SignedImageError } from '../error';
import { type Digest, isDigest, parseReference, type Repository } from '../oci';

/** What a container runs, as the node told it. */
export type ImageId =
  /** A manifest in a repository: what can be looked up. */
  | { readonly kind: 'pinned'; readonly repository: Repository; readonly digest: Digest }
  /** Only the digest of the image's configuration: no registry knows an image by it. */
  | { readonly kind: 'config' }
  /** Nothing that says which image it is. */
  | { readonly kind: 'unreadable' };

// Docker's way of saying whether an id can be pulled: docker-pullable://host/repo@sha256:..., docker://sha256:...
const SCHEME = /^[a-z][a-z0-9-]*:\/\//;
const HEX = /^[0-9a-f]{64}$/;

/**
 * Reads `status.containerStatuses[].imageID`. Container runtimes write it in several forms, and a
 * pod's status is no contract: what is not understood is told as such, never guessed.
 *
 * https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#PodStatus
 */
export function parseImageId(text: string): ImageId {
  const bare = text.replace(SCHEME, '');
  // CRI-O writes the digest of the configuration without its algorithm.
  if (isDigest(bare) || HEX.test(bare)) return { kind: 'config' };
  try {
    const { repository, digest } = parseReference(bare);
    return digest === undefined ? { kind: 'unreadable' } : { kind: 'pinned', repository, digest };
  } catch (error) {
    if (error instanceof SignedImageError) return { kind: 'unreadable' };
    throw error;
  }
}
