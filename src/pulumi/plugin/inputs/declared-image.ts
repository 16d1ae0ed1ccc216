import { SignedImageError } from '../../../error';
import {
  type Digest,
  formatReference,
  parseReference,
  type Reference,
  type RegistryClient,
  type Tag,
} from '../../../oci';
import type { ResourceLog } from '../protocol/engine-log';
import type { InputReader } from './input-reader';
import type { Properties } from '../protocol/wire-value';

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

/** What a tag (default `latest`) stands for now. */
export async function resolveDigest(reference: Reference, client: RegistryClient): Promise<Digest> {
  const { repository } = reference;
  const found = await client.resolve(repository, targetOf(reference));
  return found?.digest ?? Promise.reject(notFound(reference));
}

/**
 * What a reference stands for, where it may be written beside it too.
 *
 * @throws SignedImageError `REGISTRY_*`: the access that is missing, or `REGISTRY_NOT_FOUND`
 */
export async function digestInReach(reference: Reference, client: RegistryClient): Promise<Digest> {
  const { repository } = reference;
  const target = targetOf(reference);
  const seen = await client.checkAccess(repository, 'push', target);
  // One "not there" is not believed.
  const found = seen ?? (await client.getManifest(repository, target));
  return found?.descriptor.digest ?? Promise.reject(notFound(reference));
}

function targetOf({ digest, tag }: Reference): Digest | Tag {
  return digest ?? tag ?? LATEST;
}

function notFound(reference: Reference): SignedImageError {
  const { repository, digest } = reference;
  return new SignedImageError({
    code: 'REGISTRY_NOT_FOUND',
    property: 'image',
    message: `${repository.registry} has no ${repository.path} ${digest ? 'with digest' : 'with tag'} ${targetOf(reference)}; push it first, or declare \`build\``,
  });
}

const LATEST = 'latest' as Tag;

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
