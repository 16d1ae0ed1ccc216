import { SignedImageError } from '../error';
import { resolveLocation } from '../http/transport';
import { isStoredNow, OCTETS, pushing, withDigest } from './blob-store';
import type { Digest } from './digest';
import { formatRepository, type Repository } from './reference';
import type { RegistrySession } from './session';
import type { WritePart } from './client';

/**
 * Mounts a blob of another repository of the same registry, so that it is not transferred. A registry that cannot, or
 * whose token does not grant it, begins an upload instead, which is canceled.
 *
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#mounting-a-blob-from-another-repository
 *
 * @returns false if the blob must be transferred
 */
export async function mountBlob(
  session: RegistrySession,
  repository: Repository,
  from: Repository,
  digest: Digest,
): Promise<boolean> {
  const url = session.url(repository, 'blobs/uploads/');
  url.search = `?mount=${encodeURIComponent(digest)}&from=${encodeURIComponent(from.path)}`;
  const scope = { ...pushing(repository), from: from.path };
  const response = await session.send(
    { method: 'POST', url, headers: { 'content-length': '0' } },
    scope,
  );
  if (response.status === 201) return true;
  const { location } = response.headers;
  if (response.status === 202 && location !== undefined)
    await cancelUpload(session, repository, resolveLocation(response.url, location));
  return false;
}

/** An upload that is not finished expires anyway. */
async function cancelUpload(
  session: RegistrySession,
  repository: Repository,
  location: URL,
): Promise<void> {
  await session
    .sendOnce({ method: 'DELETE', url: location }, pushing(repository))
    .catch(() => undefined);
}

/** Reads a blob in parts, in order, and passes each to `write`; false if it does not exist. */
export type ReadParts = (write: WritePart) => Promise<boolean>;

/**
 * Uploads a blob in parts, so that it is never in memory as a whole. It is committed only after `read` has returned,
 * which verifies the content. After a failure, the upload starts again with the next call.
 *
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-a-blob-in-chunks
 *
 * @returns false if the source does not have it
 */
export async function storeBlobParts(
  session: RegistrySession,
  repository: Repository,
  digest: Digest,
  read: ReadParts,
): Promise<boolean> {
  const scope = pushing(repository);
  const begun = await session.send(
    {
      method: 'POST',
      url: session.url(repository, 'blobs/uploads/'),
      headers: { 'content-length': '0' },
    },
    scope,
  );
  const action = `writing blob ${digest}`;
  if (begun.status !== 202) throw await session.responseError(begun, action, repository);
  let location = resolveLocation(begun.url, begun.headers['location']);
  let sent = 0;
  try {
    const found = await read(async (part) => {
      if (part.length === 0) return;
      const range = `${sent}-${sent + part.length - 1}`;
      const response = await session.sendOnce(
        {
          method: 'PATCH',
          url: location,
          headers: { ...OCTETS, 'content-range': range },
          body: part,
        },
        scope,
      );
      if (response.status !== 202) throw await session.responseError(response, action, repository);
      sent += part.length;
      location = resolveLocation(response.url, response.headers['location']);
    });
    if (!found) {
      await cancelUpload(session, repository, location);
      return false;
    }
  } catch (error) {
    await cancelUpload(session, repository, location);
    throw error;
  }
  const ended = await session.sendOnce(
    {
      method: 'PUT',
      url: withDigest(location, digest),
      headers: { ...OCTETS, 'content-length': '0' },
    },
    scope,
  );
  if (isStoredNow(ended)) return true;
  if (ended.status < 400)
    throw new SignedImageError({
      code: 'REGISTRY_PROTOCOL',
      message: `registry ${session.endpoint.registry} did not confirm the upload of ${formatRepository(repository)}@${digest} (${ended.status})`,
    });
  throw await session.responseError(ended, action, repository);
}
