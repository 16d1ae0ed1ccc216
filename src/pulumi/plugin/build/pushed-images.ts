import type { PushedImageOutput } from '../../resources/signature-outputs';
import { InputReader } from '../inputs/input-reader';
import type { Properties } from '../protocol/wire-value';

/** A state does not grow for ever: of what was pushed long ago only the newest is remembered. */
const MOST_REMEMBERED = 500;

/** The images that a resource pushed so far, by its state. */
export function pushedBefore(outputs: Properties): readonly PushedImageOutput[] {
  return (new InputReader(outputs['pushed']).json() ?? []) as readonly PushedImageOutput[];
}

/** The same and one more, each once, oldest first. */
export function pushedSince(
  before: readonly PushedImageOutput[],
  image: PushedImageOutput,
): readonly PushedImageOutput[] {
  const others = before.filter(({ digest, tag }) => digest !== image.digest || tag !== image.tag);
  return [...others, image].slice(-MOST_REMEMBERED);
}
