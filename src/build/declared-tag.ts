import type { RegistryClient } from '../oci/client';
import type { Repository } from '../oci/reference';
import type { BuildResult } from './builder';
import { resultMismatch } from './image-result';

/**
 * Sets the declared tag in the registry to an image that was pushed under a unique tag (`BuildResult.pushedTag`):
 * to be called after the check of the result, so that the declared tag never refers to an image that failed it.
 * The unique tag stays, because registries delete tags in different ways, some with the manifest.
 *
 * @throws SignedImageError `REGISTRY_CONFLICT` if the tag is immutable and refers to another image
 */
export async function setDeclaredTag(
  client: RegistryClient,
  repository: Repository,
  { digest, tag, pushedTag }: BuildResult,
): Promise<void> {
  if (pushedTag === undefined || tag === pushedTag) return;
  const found = await client.getManifest(repository, digest);
  if (found === undefined) {
    throw resultMismatch(
      'image',
      `the manifest ${digest} was pushed, and the registry does not have it any more: the tag ${tag} was not set`,
    );
  }
  // Some registries with immutable tags reject every write of an existing tag, also of the same manifest.
  const present = await client.resolve(repository, tag);
  if (present?.digest === digest) return;
  await client.putManifest(repository, tag, found.bytes, found.descriptor.mediaType);
}
