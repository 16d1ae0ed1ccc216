import { createHash } from 'node:crypto';

import { SignedImageError } from '../error';
import { isNotFound } from './answer';
import type { Scope } from './authentication';
import type { WritePart } from './client';
import type { Descriptor } from './descriptor';
import { type Digest, digestOf } from './digest';
import { formatRepository, type Repository } from './reference';
import { confirmAbsent } from './confirmed-absence';
import type { RegistrySession } from './session';
import { resolveLocation } from '../http/transport';
import { type HttpResponse } from '../http/message';

/** Maximum size in bytes of a blob that is read into memory: cosign's limit for attachments. */
export const MAX_BLOB_BYTES = 128 * 1024 * 1024;

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
  if (size > MAX_BLOB_BYTES) {
    throw new SignedImageError({
      code: 'CONTENT_TOO_LARGE',
      message: `blob ${name} has ${size} bytes; at most ${MAX_BLOB_BYTES} are read`,
    });
  }
  const response = await session.send(
    { method: 'GET', url: session.url(repository, `blobs/${digest}`), limit: size },
    { path: repository.path, access: 'pull' },
  );
  if (isNotFound(response)) return undefined;
  if (response.status !== 200)
    throw await session.responseError(response, `reading blob ${digest}`, repository);
  const { body } = response;
  if (body.length !== size || digestOf(body) !== digest) {
    throw new SignedImageError({
      code: 'CONTENT_MISMATCH',
      message: `registry ${session.endpoint.registry} returned different content for ${name}: ${body.length} bytes with the digest ${digestOf(body)}`,
    });
  }
  return body;
}

/** The size of the parts in which a large blob is read. */
export const PART_BYTES = 16 * 1024 * 1024;

/**
 * Fetches a blob in parts, by range requests if it is larger than one part. A registry that ignores `Range` returns
 * the whole blob, which is then read up to {@link MAX_BLOB_BYTES}.
 *
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-blobs
 *
 * @returns false if the registry returned 404
 */
export async function fetchBlobParts(
  session: RegistrySession,
  repository: Repository,
  descriptor: Descriptor,
  write: WritePart,
  partBytes = PART_BYTES,
): Promise<boolean> {
  const { digest, size } = descriptor;
  const hash = createHash('sha256');
  for (let start = 0; start === 0 || start < size;) {
    const end = Math.min(start + partBytes, size);
    const part =
      size > partBytes
        ? await fetchRange(session, repository, descriptor, start, end)
        : await fetchBlob(session, repository, descriptor);
    if (part === 'unsupported') {
      const whole = await fetchBlob(session, repository, descriptor);
      if (whole) await write(whole);
      return whole !== undefined;
    }
    if (part === undefined) return false;
    hash.update(part);
    await write(part);
    start = end;
    if (size === 0) break;
  }
  if (`sha256:${hash.digest('hex')}` === digest) return true;
  throw new SignedImageError({
    code: 'CONTENT_MISMATCH',
    message: `registry ${session.endpoint.registry} returned different content for ${formatRepository(repository)}@${digest}`,
  });
}

async function fetchRange(
  session: RegistrySession,
  repository: Repository,
  { digest, size }: Descriptor,
  start: number,
  end: number,
): Promise<Buffer | 'unsupported' | undefined> {
  const response = await session
    .send(
      {
        method: 'GET',
        url: session.url(repository, `blobs/${digest}`),
        headers: { range: `bytes=${start}-${end - 1}` },
        limit: end - start,
      },
      { path: repository.path, access: 'pull' },
    )
    .catch((error: unknown) => {
      // The whole blob, although a part of it was requested.
      if (start > 0 || !(error instanceof SignedImageError) || error.code !== 'CONTENT_TOO_LARGE')
        throw error;
      return undefined;
    });
  if (response === undefined) return 'unsupported';
  if (isNotFound(response)) return undefined;
  const range = response.headers['content-range'];
  if (response.status === 206 && range === `bytes ${start}-${end - 1}/${size}`) {
    if (response.body.length === end - start) return response.body;
  }
  if (response.status !== 206)
    throw await session.responseError(response, `reading blob ${digest}`, repository);
  throw new SignedImageError({
    code: 'REGISTRY_PROTOCOL',
    message: `registry ${session.endpoint.registry} returned another part of ${digest} than bytes ${start} to ${end - 1}`,
  });
}

/** Blobs up to this size are uploaded without checking for existence first: the check takes as long as the upload. */
const MAX_UNCHECKED_BYTES = 64 * 1024;

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-blobs */
export async function storeBlob(
  session: RegistrySession,
  repository: Repository,
  bytes: Buffer,
  digest: Digest,
): Promise<void> {
  const small = bytes.length <= MAX_UNCHECKED_BYTES;
  if (!small && (await isStored(session, repository, digest, bytes.length))) return;

  const traits = session.traits(repository);
  const single = small && !traits.expects('noSinglePost');
  let response = await upload(session, repository, bytes, digest, single);
  // A registry without monolithic POST may reject it with any of these; the error of the second way is reported.
  if (single && POST_REJECTED.includes(response.status)) {
    response = await upload(session, repository, bytes, digest, false);
    if (isStoredNow(response)) traits.note('noSinglePost');
  }
  if (isStoredNow(response)) return;
  throw await session.responseError(response, `writing blob ${digest}`, repository);
}

/** Statuses with which registries reject a monolithic POST. */
const POST_REJECTED: readonly number[] = [400, 404, 405, 411, 413, 415, 422, 501];

export function isStoredNow({ status }: HttpResponse): boolean {
  return status === 201 || status === 204;
}

/** Whether a repository has a blob of this size. */
export async function isStored(
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

/** Requests push access from the first request on, so that one token is enough. */
export function pushing({ path }: Repository): Scope {
  return { path, access: 'push' };
}

export const OCTETS = { 'content-type': 'application/octet-stream' };

/**
 * Uploads a blob. `single`: in one POST, which a registry that does not support it handles as the
 * start of an upload. Otherwise: POST, then PUT.
 *
 * An interrupted upload is restarted, because the state of a partial upload is not reliable.
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
    const location = withDigest(resolveLocation(begun.url, begun.headers['location']), digest);
    return session.sendOnce({ method: 'PUT', url: location, headers: OCTETS, body: bytes }, scope);
  });
}

/** Appends the digest as text: re-encoding the query could change the registry's own parameters. */
export function withDigest(url: URL, digest: Digest): URL {
  const named = new URL(url);
  named.search += `${named.search === '' ? '?' : '&'}digest=${encodeURIComponent(digest)}`;
  return named;
}
