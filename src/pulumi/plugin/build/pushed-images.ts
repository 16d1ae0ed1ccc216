import type { PushedImageOutput } from '../../resources/signature-outputs';
import { InputReader } from '../inputs/input-reader';
import type { Properties } from '../protocol/wire-value';

/** Limits the size of the state: only the newest images are recorded. */
const MAX_PUSHED_IMAGES = 500;

/** Returns the images that a resource has pushed so far, from its state. */
export function previouslyPushed(outputs: Properties): readonly PushedImageOutput[] {
  return (new InputReader(outputs['pushed']).json() ?? []) as readonly PushedImageOutput[];
}

/** Adds an image, without duplicates, oldest first. */
export function addPushed(
  before: readonly PushedImageOutput[],
  image: PushedImageOutput,
): readonly PushedImageOutput[] {
  const others = before.filter(({ digest, tag }) => digest !== image.digest || tag !== image.tag);
  return [...others, image].slice(-MAX_PUSHED_IMAGES);
}
