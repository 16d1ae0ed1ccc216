import { resolveDigest } from '../../../core/image-digest';
import { SignedImageError } from '../../../error';
import {
  type Digest,
  formatReference,
  parseReference,
  type Reference,
  type RegistryClient,
} from '../../../oci';
import type { ResourceLog } from '../protocol/engine-log';
import type { InputReader } from './input-reader';
import type { Properties } from '../protocol/wire-value';

/** Reads the image reference of a property; `undefined` if it is unknown or malformed. */
export function readReference(image: InputReader): Reference | undefined {
  const text = image.string();
  if (text === undefined) {
    if (!image.isGiven) image.addProblem('is required: host/repo[:tag], or host/repo@sha256:...');
    return undefined;
  }
  try {
    return parseReference(text);
  } catch (error) {
    if (!(error instanceof SignedImageError)) throw error;
    image.addProblem(error.message, error.code);
    return undefined;
  }
}

/** Resolves a tag once: later updates keep the first digest and log a warning if the tag has moved. */
export async function resolveOnce(
  reference: Reference,
  olds: Properties,
  client: RegistryClient,
  log: ResourceLog,
): Promise<Digest> {
  const now = await resolveDigest(reference, client);
  const before = olds['digest'];
  const same = olds['image'] === formatReference(reference) && typeof before === 'string';
  if (!same || before === now) return now;
  log.warn(
    `${formatReference(reference)} has moved to ${now} since it was resolved to ${before}, which remains in use; ` +
      'to use the new digest, set it as the image reference, or replace this resource',
  );
  return before as Digest;
}
