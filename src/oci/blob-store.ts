import { SignedImageError } from '../error';
import { isNotFound } from './answer';
import type { Scope } from './authentication';
import type { Descriptor } from './descriptor';
import { type Digest, digestOf } from './digest';
import { formatRepository, type Repository } from './reference';
import { confirmAbsent } from './confirmed-absence';
import type { RegistrySession } from './session';
import { resolveLocation } from '../http/transport';
import { type HttpResponse } from '../http/message';

/** The most bytes of a blob that are read into memory, as cosign has it for what is attached. */
export const BLOB_LIMIT = 128 * 1024 * 1024;

export function fetchBlob(
  session: RegistrySession,
  repository: Repository,
  descriptor: Descriptor,
): Promise<Buffer | undefined> {
  return confirmAbsent(() => fetchOnce(session, repository, descriptor));
}

async function fetchOnce(
  session: RegistrySession,
  repository: Repository,
  { digest, size }: Descriptor,
): Promise<Buffer | undefined> {
  const name = `${formatRepository(repository)}@${digest}`;
  if (size > BLOB_LIMIT) {
    throw new SignedImageError({
      code: 'CONTENT_TOO_LARGE',
      message: `blob ${name} has ${size} bytes; at most ${BLOB_LIMIT} are read`,
    });
  }
  const response = await session.send(
    { method: 'GET', url: session.url(repository, `blobs/${digest}`), limit: size },
    { path: repository.path, access: 'pull' },
  );
  if (isNotFound(response)) return undefined;
  if (response.status !== 200)
    throw await session.refusal(response, `reading blob ${digest}`, repository);
  const { body } = response;
  if (body.length !== size || digestOf(body) !== digest) {
    throw new SignedImageError({
      code: 'CONTENT_MISMATCH',
      message: `registry ${session.endpoint.registry} returned other bytes for ${name}: ${body.length} bytes with the digest ${digestOf(body)}`,
    });
  }
  return body;
}

/** Up to this size a blob is sent at once: to ask whether it is there takes as long as to send it. */
const SMALL = 64 * 1024;

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-blobs */
export async function storeBlob(
  session: RegistrySession,
  repository: Repository,
  bytes: Buffer,
  digest: Digest,
): Promise<void> {
  const small = bytes.length <= SMALL;
  if (!small && (await isStored(session, repository, digest, bytes.length))) return;

  const traits = session.traits(repository);
  const single = small && !traits.expects('noSinglePost');
  let response = await upload(session, repository, bytes, digest, single);
  // What does not know the short way may refuse it in any way; the long one then says what is wrong.
  if (single && REFUSED.includes(response.status)) {
    response = await upload(session, repository, bytes, digest, false);
    if (isStoredNow(response)) traits.note('noSinglePost');
  }
  if (isStoredNow(response)) return;
  throw await session.refusal(response, `writing blob ${digest}`, repository);
}

const REFUSED: readonly number[] = [400, 404, 405, 411, 413, 415, 422, 501];

function isStoredNow({ status }: HttpResponse): boolean {
  return status === 201 || status === 204;
}

async function isStored(
  session: RegistrySession,
  repository: Repository,
  digest: Digest,
  size: number,
): Promise<boolean> {
  const known = await session.send(
    { method: 'HEAD', url: session.url(repository, `blobs/${digest}`) },
    pushing(repository),
  );
  return known.status === 200 && known.headers['content-length'] === String(size);
}

/** Asked with the right to write from the first request on: one token serves all. */
function pushing({ path }: Repository): Scope {
  return { path, access: 'push' };
}

const OCTETS = { 'content-type': 'application/octet-stream' };

/**
 * `single`: all in one POST, which a registry that does not know it answers with a place to send
 * the bytes to, as if there had been none. Else that place is asked for.
 *
 * What is broken off is begun again: an upload that got half way cannot be trusted to go on.
 */
function upload(
  session: RegistrySession,
  repository: Repository,
  bytes: Buffer,
  digest: Digest,
  single: boolean,
): Promise<HttpResponse> {
  const scope = pushing(repository);
  const url = session.url(repository, 'blobs/uploads/');
  return session.retry(async (): Promise<HttpResponse> => {
    const begun = await session.sendOnce(
      single
        ? { method: 'POST', url: withDigest(url, digest), headers: OCTETS, body: bytes }
        : { method: 'POST', url, headers: { 'content-length': '0' } },
      scope,
    );
    if (begun.status !== 202) return begun;
    if (single) session.traits(repository).note('noSinglePost');
    const place = withDigest(resolveLocation(begun.url, begun.headers['location']), digest);
    return session.sendOnce({ method: 'PUT', url: place, headers: OCTETS, body: bytes }, scope);
  });
}

/** Added as text: writing the query anew could change how the registry's own part is encoded. */
function withDigest(url: URL, digest: Digest): URL {
  const named = new URL(url);
  named.search += `${named.search === '' ? '?' : '&'}digest=${encodeURIComponent(digest)}`;
  return named;
}
