import { SignedImageError } from '../error';
import type { Digest, Reference, RegistryClient, Tag } from '../oci';

const LATEST = 'latest' as Tag;

/** Resolves a reference (default tag: `latest`) to its current digest. */
export async function resolveDigest(reference: Reference, client: RegistryClient): Promise<Digest> {
  const found = await findDigest(reference, client);
  return found ?? Promise.reject(notFound(reference, 'check `image`, or push it first'));
}

/** Resolves a reference (default tag: `latest`); `undefined`: the image does not exist. */
export async function findDigest(
  reference: Reference,
  client: RegistryClient,
): Promise<Digest | undefined> {
  const found = await client.resolve(reference.repository, targetOf(reference));
  return found?.digest;
}

/**
 * Resolves a reference in a repository to which the credentials can push.
 *
 * @throws SignedImageError `REGISTRY_*` if the access is missing, or `REGISTRY_NOT_FOUND`
 */
export async function resolveForPush(
  reference: Reference,
  client: RegistryClient,
): Promise<Digest> {
  const { repository } = reference;
  const target = targetOf(reference);
  const manifest = await client.checkAccess(repository, 'push', target);
  // A single "not found" response is confirmed by a second request.
  const found = manifest ?? (await client.getManifest(repository, target));
  if (found !== undefined) return found.descriptor.digest;
  throw notFound(reference, 'push it first, or declare `build`');
}

function targetOf({ digest, tag }: Reference): Digest | Tag {
  return digest ?? tag ?? LATEST;
}

/** `advice`: only `SignedImage` has the input `build`. */
function notFound(reference: Reference, advice: string): SignedImageError {
  const { repository, digest } = reference;
  return new SignedImageError({
    code: 'REGISTRY_NOT_FOUND',
    property: 'image',
    message: `${repository.registry} has no ${repository.path} ${digest ? 'with digest' : 'with tag'} ${targetOf(reference)}; ${advice}`,
  });
}
