import type { Removal } from './client';
import { parseErrors, isHtmlResponse, isNotFound } from './answer';
import type { Digest } from './digest';
import type { Repository } from './reference';
import type { RegistrySession } from './session';
import type { HttpResponse } from '../http/message';

const DONE: readonly number[] = [200, 202, 204];

/**
 * Deletes a manifest, and with it each tag that stands for it. By digest only: many registries
 * refuse to delete by tag, and a tag may move between the look and the deletion. Blobs are left to
 * the registry's garbage collection: others may share them.
 *
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#deleting-manifests
 *
 * @throws SignedImageError `REGISTRY_*` where it could not be done now, or by these credentials
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
  if (DONE.includes(response.status) && !isHtmlResponse(response)) return 'removed';
  if (isNotFound(response)) return 'absent';
  if (!isUnsupported(response)) {
    throw await session.refusal(response, `deleting manifest ${digest}`, repository);
  }
  session.traits(repository).note('noDelete');
  return 'unsupported';
}

/** 405, as the specification has it; some say it in words only. */
function isUnsupported(response: HttpResponse): boolean {
  const { status } = response;
  if (status === 405 || status === 501) return true;
  const said = parseErrors(response) ?? [];
  return status >= 400 && status < 500 && said.some(({ code }) => code === 'UNSUPPORTED');
}
