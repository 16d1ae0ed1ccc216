import { SignedImageError } from '../../error';
import {
  type Digest,
  formatReference,
  parseReference,
  type Reference,
  type RegistryClient,
} from '../../oci';
import type { ResourceLog } from './engine-log';
import type { InputReader } from './input-reader';
import type { Properties } from './wire-value';

/** The image reference of a property; `undefined` while it is unknown or malformed. */
export function readReference(image: InputReader): Reference | undefined {
  const text = image.string();
  if (text === undefined) {
    if (!image.given) image.problem('is needed: host/repo[:tag], or host/repo@sha256:...');
    return undefined;
  }
  try {
    return parseReference(text);
  } catch (error) {
    if (!(error instanceof SignedImageError)) throw error;
    image.problem(error.message, error.code);
    return undefined;
  }
}

/** What a reference stands for: its digest, or the one that its tag (`latest`) has now. */
export async function resolveDigest(reference: Reference, client: RegistryClient): Promise<Digest> {
  const { repository, digest, tag } = reference;
  const target = digest ?? tag ?? LATEST;
  const found = await client.resolve(repository, target);
  if (found) return found.digest;
  throw new SignedImageError({
    code: 'REGISTRY_NOT_FOUND',
    property: 'image',
    message: `${repository.registry} has no ${repository.path} ${digest ? 'with digest' : 'with tag'} ${target}; push it first, or declare \`build\``,
  });
}

const LATEST = 'latest' as NonNullable<Reference['tag']>;

/** A tag is resolved once: what was found under it stays the image, and a moved tag is told. */
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
    `${formatReference(reference)} has moved to ${now} since it was resolved to ${before}, which stays; ` +
      'to take the new one give it by digest, or replace this resource',
  );
  return before as Digest;
}
