import type { Removal } from './client';
import { parseErrors, isHtmlResponse, isNotFound } from './answer';
import type { Digest } from './digest';
import type { Repository } from './reference';
import type { RegistrySession } from './session';
import type { HttpResponse } from '../http/message';

const SUCCESS: readonly number[] = [200, 202, 204];

/**
 * Deletes a manifest and all tags that point to it. By digest only: many registries do not delete by
 * tag, and a tag may move between the read and the deletion. Blobs are left to the registry's garbage
 * collection, because other manifests may share them.
 *
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#deleting-manifests
 *
 * @throws SignedImageError `REGISTRY_*` if the deletion failed or the credentials do not permit it
 */
export async function removeManifest(
  session: RegistrySession,
  repository: Repository,
  digest: Digest,
): Promise<Removal> {
  const response = await session.send(
    { method: 'DELETE', url: session.url(repository, `manifests/${digest}`) },
    { path: repository.path, access: 'delete' },
  );
  if (SUCCESS.includes(response.status) && !isHtmlResponse(response)) return 'removed';
  if (isNotFound(response)) return 'absent';
  if (!isUnsupported(response)) {
    throw await session.responseError(response, `deleting manifest ${digest}`, repository);
  }
  session.traits(repository).note('noDelete');
  return 'unsupported';
}

/** The specification defines 405; some registries report it only by the error code. */
function isUnsupported(response: HttpResponse): boolean {
  const { status } = response;
  if (status === 405 || status === 501) return true;
  const errors = parseErrors(response) ?? [];
  return status >= 400 && status < 500 && errors.some(({ code }) => code === 'UNSUPPORTED');
}
