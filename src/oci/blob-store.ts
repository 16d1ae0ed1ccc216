import { SignedImageError } from '../error';
import { saysNotFound } from './answer';
import type { Descriptor } from './descriptor';
import { digestOf } from './digest';
import { formatRepository, type Repository } from './reference';
import { believedTwice } from './second-look';
import type { RegistrySession } from './session';
import { type HttpResponse, resolveLocation } from './transport';

/** The most bytes of a blob that are read into memory, as cosign has it for what is attached. */
export const BLOB_LIMIT = 128 * 1024 * 1024;

export function fetchBlob(
  session: RegistrySession,
  repository: Repository,
  descriptor: Descriptor,
): Promise<Buffer | undefined> {
  return believedTwice(() => fetchOnce(session, repository, descriptor));
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
  if (saysNotFound(response)) return undefined;
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

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#post-then-put */
export async function storeBlob(
  session: RegistrySession,
  repository: Repository,
  bytes: Buffer,
  mediaType: string,
): Promise<Descriptor> {
  const digest = digestOf(bytes);
  const descriptor: Descriptor = { mediaType, digest, size: bytes.length };
  // Asked with the right to write, which is needed next: one token serves both.
  const scope = { path: repository.path, access: 'push' } as const;
  const known = await session.send(
    { method: 'HEAD', url: session.url(repository, `blobs/${digest}`) },
    scope,
  );
  if (known.status === 200 && known.headers['content-length'] === String(bytes.length))
    return descriptor;

  // What is broken off is begun again: an upload that got half way cannot be trusted to go on.
  const response = await session.retry(async (): Promise<HttpResponse> => {
    const url = session.url(repository, 'blobs/uploads/');
    const begun = await session.sendOnce(
      { method: 'POST', url, headers: { 'content-length': '0' } },
      scope,
    );
    if (begun.status !== 202) return begun;
    const upload = resolveLocation(begun.url, begun.headers['location']);
    // Added as text: writing the query anew could change how the registry's own part is encoded.
    upload.search += `${upload.search === '' ? '?' : '&'}digest=${encodeURIComponent(digest)}`;
    return session.sendOnce(
      {
        method: 'PUT',
        url: upload,
        headers: { 'content-type': 'application/octet-stream' },
        body: bytes,
      },
      scope,
    );
  });
  if (response.status === 201 || response.status === 204) return descriptor;
  throw await session.refusal(response, `writing blob ${digest}`, repository);
}
