import type { RunningContainer } from './running-container';
import { SignedImageError } from '../error';
import { type Digest, type Repository, isDigest, parseReference, pinned } from '../oci';

interface Shared {
  /** The name by which it is shown. */
  readonly name: string;
  readonly containers: readonly RunningContainer[];
}

/** One distinct image that containers run. */
export type RunningImage = Shared &
  (
    | {
        readonly kind: 'pinned';
        /** Where the node, and then where the pods, say that it is from: the same bytes. */
        readonly repositories: readonly Repository[];
        readonly digest: Digest;
      }
    | { readonly kind: 'unknown'; readonly reason: string }
    | { readonly kind: 'not-started' }
  );

const CONFIG_ONLY =
  'the node names only the digest of its configuration, by which no registry knows it: it was loaded into the node, or its name there was removed';
const UNREADABLE = 'the node does not say in a known form what it runs';
const SILENT = 'it runs, and the node does not say what';

/** Never shows what is no reference: it may hold a password. */
function shownImage(image: string): { name: string; repository?: Repository } {
  try {
    return { name: image, repository: parseReference(image).repository };
  } catch (error) {
    if (error instanceof SignedImageError) return { name: '(what is no image reference)' };
    throw error;
  }
}

function identified(container: RunningContainer): RunningImage {
  const { name, repository } = shownImage(container.image);
  const containers = [container];
  if (container.waits) return { kind: 'not-started', name, containers };
  const unknown = (reason: string): RunningImage => ({ kind: 'unknown', reason, name, containers });
  if (container.imageId === undefined) return unknown(SILENT);
  const id = parseImageId(container.imageId);
  if (id.kind === 'config') return unknown(CONFIG_ONLY);
  if (id.kind === 'unreadable') return unknown(UNREADABLE);
  const digest = id.digest;
  // A node that has the same bytes under several names tells any of them.
  const repositories = [id.repository, ...(repository === undefined ? [] : [repository])];
  return { kind: 'pinned', name: pinned(id.repository, digest), repositories, digest, containers };
}

function merged(a: RunningImage, b: RunningImage): RunningImage {
  const containers = [...a.containers, ...b.containers];
  if (a.kind !== 'pinned' || b.kind !== 'pinned') return { ...a, containers };
  const byName = new Map(
    [...a.repositories, ...b.repositories].map((each) => [pinned(each, a.digest), each]),
  );
  return { ...a, containers, repositories: [...byName.values()] };
}

/** The distinct images of containers, each once. */
export function runningImages(containers: readonly RunningContainer[]): readonly RunningImage[] {
  const images = new Map<string, RunningImage>();
  for (const image of containers.map(identified)) {
    const key = `${image.kind} ${image.name} ${image.kind === 'unknown' ? image.reason : ''}`;
    const known = images.get(key);
    images.set(
      key,
      known === undefined ? merged(image, { ...image, containers: [] }) : merged(known, image),
    );
  }
  return [...images.values()];
}

/** What a container runs, as the node told it. */
type ImageId =
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
