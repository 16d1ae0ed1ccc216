import { type Digest, parseReference, pinned, type Repository } from '../oci';
import { SignedImageError } from '../error';
import { parseImageId } from './image-id';
import type { RunningContainer } from './running-container';

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
