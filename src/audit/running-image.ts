import type { RunningContainer } from './running-container';
import { SignedImageError } from '../error';
import { type Digest, type Repository, isDigest, parseReference, pinned } from '../oci';

interface Shared {
  /** The name of the image in the report. */
  readonly name: string;
  readonly containers: readonly RunningContainer[];
}

/** One distinct image that containers run. */
export type RunningImage = Shared &
  (
    | {
        readonly kind: 'pinned';
        /** The repository that the node reports, then those of the pod specifications, for the same digest. */
        readonly repositories: readonly Repository[];
        readonly digest: Digest;
      }
    | { readonly kind: 'unknown'; readonly reason: string }
    | { readonly kind: 'not-started' }
  );

const CONFIG_ONLY =
  'the node reports only the digest of the image configuration, which cannot be looked up in a registry: the image was loaded into the node, or its name was removed there';
const UNREADABLE = 'the node reports an image id of an unknown form';
const NO_IMAGE_ID = 'the container runs, but the node reports no image id';

/** Hides a text that is not a reference, because it may contain a password. */
function shownImage(image: string): { name: string; repository?: Repository } {
  try {
    return { name: image, repository: parseReference(image).repository };
  } catch (error) {
    if (error instanceof SignedImageError) return { name: '(not an image reference)' };
    throw error;
  }
}

function identifyImage(container: RunningContainer): RunningImage {
  const { name, repository } = shownImage(container.image);
  const containers = [container];
  if (container.waits) return { kind: 'not-started', name, containers };
  const unknown = (reason: string): RunningImage => ({ kind: 'unknown', reason, name, containers });
  if (container.imageId === undefined) return unknown(NO_IMAGE_ID);
  const id = parseImageId(container.imageId);
  if (id.kind === 'config') return unknown(CONFIG_ONLY);
  if (id.kind === 'unreadable') return unknown(UNREADABLE);
  const digest = id.digest;
  // A node that has the same digest under several names reports any of them.
  const repositories = [id.repository, ...(repository === undefined ? [] : [repository])];
  return { kind: 'pinned', name: pinned(id.repository, digest), repositories, digest, containers };
}

/** The containers of one image, in the order in which they are found. */
interface Collected {
  readonly first: RunningImage;
  readonly containers: RunningContainer[];
  readonly repositories: Map<string, Repository>;
}

/** Returns the distinct images of containers. */
export function runningImages(containers: readonly RunningContainer[]): readonly RunningImage[] {
  const images = new Map<string, Collected>();
  for (const container of containers) {
    const image = identifyImage(container);
    const key = `${image.kind} ${image.name} ${image.kind === 'unknown' ? image.reason : ''}`;
    const none: Collected = { first: image, containers: [], repositories: new Map() };
    const known = images.get(key) ?? none;
    images.set(key, known);
    known.containers.push(container);
    if (image.kind !== 'pinned') continue;
    for (const each of image.repositories) known.repositories.set(pinned(each, image.digest), each);
  }
  return [...images.values()].map(({ first, containers: all, repositories }) =>
    first.kind === 'pinned'
      ? { ...first, containers: all, repositories: [...repositories.values()] }
      : { ...first, containers: all },
  );
}

/** The image id of a container, as the node reported it. */
type ImageId =
  /** A manifest in a repository, which can be verified. */
  | { readonly kind: 'pinned'; readonly repository: Repository; readonly digest: Digest }
  /** Only the digest of the image configuration, which cannot be looked up in a registry. */
  | { readonly kind: 'config' }
  /** An id that does not identify the image. */
  | { readonly kind: 'unreadable' };

// Docker's prefixes for ids that can, or cannot, be pulled: docker-pullable://host/repo@sha256:..., docker://sha256:...
const SCHEME = /^[a-z][a-z0-9-]*:\/\//;
const HEX = /^[0-9a-f]{64}$/;

/**
 * Parses `status.containerStatuses[].imageID`. Container runtimes write it in several forms that are not
 * specified: an unknown form is reported as unreadable, never guessed.
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
