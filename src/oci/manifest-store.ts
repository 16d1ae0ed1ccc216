import { SignedImageError } from '../error';
import { isHtmlResponse, mediaTypeOf, isImmutableTagError, isNotFound } from './answer';
import type { FetchedManifest, PutManifestOptions } from './client';
import type { Descriptor } from './descriptor';
import { type Digest, digestOf, isDigest } from './digest';
import { MAX_MANIFEST_BYTES } from './manifest';
import { MANIFEST_TYPES } from './media-type';
import { formatRepository, type Repository, type Tag } from './reference';
import { confirmAbsent } from './confirmed-absence';
import type { RegistrySession } from './session';
import { jsonExcess, parseBoundedJson } from '../http/json-bounds';
import { isJsonObject, parseJsonObject } from './strict-json';
import type { HttpResponse } from '../http/message';

const ACCEPT = { accept: MANIFEST_TYPES.join(', ') };
/** Generic types that do not identify the type of the manifest. */
const GENERIC_TYPES: readonly string[] = [
  'application/json',
  'application/octet-stream',
  'text/plain',
];

/** Resolves a tag or digest by HEAD if the response has all headers; otherwise by fetching the manifest. */
export function resolveManifest(
  session: RegistrySession,
  repository: Repository,
  target: Tag | Digest,
): Promise<Descriptor | undefined> {
  return confirmAbsent(() => resolveOnce(session, repository, target));
}

async function resolveOnce(
  session: RegistrySession,
  repository: Repository,
  target: Tag | Digest,
): Promise<Descriptor | undefined> {
  const response = await session.send(
    { method: 'HEAD', url: session.url(repository, `manifests/${target}`), headers: ACCEPT },
    { path: repository.path, access: 'pull' },
  );
  const mediaType = mediaTypeOf(response);
  if (response.status === 404 && (mediaType === undefined || mediaType === 'application/json')) {
    return undefined;
  }
  const digest = response.headers['docker-content-digest'] ?? '';
  const size = Number(response.headers['content-length'] || Number.NaN);
  const isComplete =
    response.status === 200 &&
    mediaType !== undefined &&
    MANIFEST_TYPES.includes(mediaType) &&
    isDigest(digest) &&
    Number.isSafeInteger(size) &&
    (!isDigest(target) || target === digest);
  if (isComplete) return { mediaType, digest, size };
  // Some registries do not support HEAD, or only partly. GET returns a body, which an error can quote.
  return (await fetchManifestOnce(session, repository, target))?.descriptor;
}

export function fetchManifest(
  session: RegistrySession,
  repository: Repository,
  target: Tag | Digest,
): Promise<FetchedManifest | undefined> {
  return confirmAbsent(() => fetchManifestOnce(session, repository, target));
}

/** Fetches a manifest by a single read; `fetchManifest` repeats the read if it is not found. */
export async function fetchManifestOnce(
  session: RegistrySession,
  repository: Repository,
  target: Tag | Digest,
  access: 'pull' | 'push' = 'pull',
): Promise<FetchedManifest | undefined> {
  const name = `${formatRepository(repository)}${isDigest(target) ? '@' : ':'}${target}`;
  const response = await session.send(
    {
      method: 'GET',
      url: session.url(repository, `manifests/${target}`),
      headers: ACCEPT,
      limit: MAX_MANIFEST_BYTES,
    },
    { path: repository.path, access },
  );
  if (isNotFound(response)) return undefined;
  if (response.status !== 200)
    throw await session.responseError(response, `reading manifest ${target}`, repository);
  if (isHtmlResponse(response)) throw notRegistry(session, name);
  const { body, headers } = response;
  const digest = digestOf(body);
  // Docker-Content-Digest is the registry's claim, and `digest` is computed from the bytes. For a tag
  // the claim is the only reference, and content that was altered in transit must not be written back.
  const claimed = headers['docker-content-digest'] ?? '';
  const expected = isDigest(target) ? target : isDigest(claimed) ? claimed : digest;
  if (digest !== expected) {
    throw new SignedImageError({
      code: 'CONTENT_MISMATCH',
      message: `registry ${session.endpoint.registry} returned different content for ${name}: it has the digest ${digest}`,
    });
  }
  const mediaType = servedType(session, response, name);
  return {
    descriptor: { mediaType, digest, size: body.length },
    bytes: body,
    ...(headers['etag'] !== undefined && { etag: headers['etag'] }),
  };
}

/** Returns the media type on which header and body agree. The digest does not cover the header. */
function servedType(session: RegistrySession, response: HttpResponse, name: string): string {
  if (!isJson(response.body)) throw notRegistry(session, name);
  const { mediaType } = parseJsonObject(response.body, `manifest ${name}`);
  const header = mediaTypeOf(response);
  const served = header !== undefined && GENERIC_TYPES.includes(header) ? undefined : header;
  const own = typeof mediaType === 'string' && mediaType !== '' ? mediaType : undefined;
  if (served !== undefined && own !== undefined && served !== own.toLowerCase()) {
    throw new SignedImageError({
      code: 'CONTENT_MISMATCH',
      message: `registry ${session.endpoint.registry} serves ${name} as ${served}, but the manifest declares a different media type`,
    });
  }
  const type = own ?? served;
  if (type === undefined) throw notRegistry(session, name);
  return type;
}

function isJson(body: Buffer): boolean {
  // The parser rejects excessive content with its own error.
  if (jsonExcess(body) !== undefined) return true;
  try {
    return isJsonObject(parseBoundedJson(body));
  } catch {
    return false;
  }
}

function notRegistry(session: RegistrySession, name: string): SignedImageError {
  return new SignedImageError({
    code: 'REGISTRY_PROTOCOL',
    message: `${session.endpoint.registry} does not appear to be an OCI registry: the response for ${name} is not a manifest. Check the host name`,
  });
}

/** A manifest that was written, and the `OCI-Subject` header, which means that the registry lists it as a referrer. */
export interface WrittenManifest {
  readonly descriptor: Descriptor;
  readonly subject: string | undefined;
}

/** @throws SignedImageError `REGISTRY_CONFLICT` if a precondition failed or the tag is immutable */
export async function writeManifest(
  session: RegistrySession,
  repository: Repository,
  target: Tag | Digest,
  bytes: Buffer,
  mediaType: string,
  { ifMatch, ifNoneMatch }: PutManifestOptions = {},
): Promise<WrittenManifest> {
  const digest = digestOf(bytes);
  if (isDigest(target) && target !== digest) {
    throw new SignedImageError({
      code: 'CONTENT_MISMATCH',
      message: `the manifest has the digest ${digest} instead of ${target}: not pushed to ${formatRepository(repository)}`,
    });
  }
  if (bytes.length > MAX_MANIFEST_BYTES) {
    throw new SignedImageError({
      code: 'CONTENT_TOO_LARGE',
      message: `the manifest for ${formatRepository(repository)} has ${bytes.length} bytes; registries accept at most ${MAX_MANIFEST_BYTES}`,
    });
  }
  const response = await session.send(
    {
      method: 'PUT',
      url: session.url(repository, `manifests/${target}`),
      headers: {
        'content-type': mediaType,
        ...(ifMatch !== undefined && { 'if-match': ifMatch }),
        ...(ifNoneMatch !== undefined && { 'if-none-match': ifNoneMatch }),
      },
      body: bytes,
    },
    { path: repository.path, access: 'push' },
  );
  const descriptor: Descriptor = { mediaType, digest, size: bytes.length };
  const isWritten = response.status >= 200 && response.status < 300 && !isHtmlResponse(response);
  if (!isWritten) {
    const error = await session.responseError(response, `writing manifest ${target}`, repository);
    if (error.code !== 'REGISTRY_CONFLICT') throw error;
    // The response to an earlier attempt may have been lost, so the conflict may be with our own write.
    const now = await resolveManifest(session, repository, target);
    if (now?.digest === digest) return { descriptor, subject: undefined };
    const traits = session.traits(repository);
    if (isImmutableTagError(response)) traits.note('immutableTags');
    else if ((ifMatch ?? ifNoneMatch) !== undefined && isPreconditionFailure(response))
      traits.note('honorsPreconditions');
    throw error;
  }
  const claimed = response.headers['docker-content-digest'];
  if (claimed !== undefined && isDigest(claimed) && claimed !== digest) {
    throw new SignedImageError({
      code: 'CONTENT_MISMATCH',
      message: `registry ${session.endpoint.registry} stored ${claimed} instead of ${digest} in ${formatRepository(repository)}, according to its response`,
    });
  }
  return { descriptor, subject: response.headers['oci-subject'] };
}

/** Harbor also returns 412 for an immutable tag, with an error that identifies it. */
function isPreconditionFailure(response: HttpResponse): boolean {
  return response.status === 412 && !isImmutableTagError(response);
}

/**
 * Tests whether the registry honors preconditions: rewrites an existing manifest, which does not
 * change anything, with the precondition that it does not exist.
 *
 * https://www.rfc-editor.org/rfc/rfc9110#name-if-none-match
 */
export async function honorsPreconditions(
  session: RegistrySession,
  repository: Repository,
  digest: Digest,
  bytes: Buffer,
  mediaType: string,
): Promise<boolean> {
  const response = await session.send(
    {
      method: 'PUT',
      url: session.url(repository, `manifests/${digest}`),
      headers: { 'content-type': mediaType, 'if-none-match': '*' },
      body: bytes,
    },
    { path: repository.path, access: 'push' },
  );
  return isPreconditionFailure(response);
}
