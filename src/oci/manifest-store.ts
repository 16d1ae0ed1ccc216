import { SignedImageError } from '../error';
import { isHtmlResponse, mediaTypeOf, isImmutableTagError, isNotFound } from './answer';
import type { FetchedManifest, PutManifestOptions } from './client';
import type { Descriptor } from './descriptor';
import { type Digest, digestOf, isDigest } from './digest';
import { MANIFEST_LIMIT } from './manifest';
import { MANIFEST_TYPES } from './media-type';
import { formatRepository, type Repository, type Tag } from './reference';
import { confirmAbsent } from './confirmed-absence';
import type { RegistrySession } from './session';
import { jsonExcess, parseBoundedJson } from '../http/json-bounds';
import { isJsonObject, parseJsonObject } from './strict-json';
import type { HttpResponse } from '../http/message';

const ACCEPT = { accept: MANIFEST_TYPES.join(', ') };
/** Types that say nothing of what the manifest is. */
const GENERIC_TYPES: readonly string[] = [
  'application/json',
  'application/octet-stream',
  'text/plain',
];

/** What a HEAD says, where it says all that is needed; else the manifest is read. */
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
  // Some answer HEAD badly or not at all. GET says it with a body, which an error can quote.
  return (await fetchManifestOnce(session, repository, target))?.descriptor;
}

export function fetchManifest(
  session: RegistrySession,
  repository: Repository,
  target: Tag | Digest,
): Promise<FetchedManifest | undefined> {
  return confirmAbsent(() => fetchManifestOnce(session, repository, target));
}

/** Takes the registry at its first word; `fetchManifest` asks again where there is nothing. */
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
      limit: MANIFEST_LIMIT,
    },
    { path: repository.path, access },
  );
  if (isNotFound(response)) return undefined;
  if (response.status !== 200)
    throw await session.refusal(response, `reading manifest ${target}`, repository);
  if (isHtmlResponse(response)) throw notRegistry(session, name);
  const { body, headers } = response;
  const digest = digestOf(body);
  // Docker-Content-Digest is what the registry claims; this is what the bytes are. Of a tag nobody
  // else says it, and what was altered on the way must not be written back.
  const claimed = headers['docker-content-digest'] ?? '';
  const expected = isDigest(target) ? target : isDigest(claimed) ? claimed : digest;
  if (digest !== expected) {
    throw new SignedImageError({
      code: 'CONTENT_MISMATCH',
      message: `registry ${session.endpoint.registry} returned other bytes for ${name}: they have the digest ${digest}`,
    });
  }
  const mediaType = servedType(session, response, name);
  return {
    descriptor: { mediaType, digest, size: body.length },
    bytes: body,
    ...(headers['etag'] !== undefined && { etag: headers['etag'] }),
  };
}

/** The type that header and body agree on. The digest does not cover the header. */
function servedType(session: RegistrySession, response: HttpResponse, name: string): string {
  if (!isJson(response.body)) throw notRegistry(session, name);
  const { mediaType } = parseJsonObject(response.body, `manifest ${name}`);
  const header = mediaTypeOf(response);
  const served = header !== undefined && GENERIC_TYPES.includes(header) ? undefined : header;
  const own = typeof mediaType === 'string' && mediaType !== '' ? mediaType : undefined;
  if (served !== undefined && own !== undefined && served !== own.toLowerCase()) {
    throw new SignedImageError({
      code: 'CONTENT_MISMATCH',
      message: `registry ${session.endpoint.registry} serves ${name} as ${served}, but it says to be of another media type`,
    });
  }
  const type = own ?? served;
  if (type === undefined) throw notRegistry(session, name);
  return type;
}

function isJson(body: Buffer): boolean {
  // What has too much in it is refused by its reader, which says so.
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
    message: `${session.endpoint.registry} looks like no registry: what it returned for ${name} is no manifest. Check the host name`,
  });
}

/** A manifest that was written, and whether the registry said to list it as a referrer. */
export interface WrittenManifest {
  readonly descriptor: Descriptor;
  readonly subject: string | undefined;
}

/** @throws SignedImageError `REGISTRY_CONFLICT` when the condition did not hold, or the tag may not be moved. */
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
      message: `these bytes are not ${target} but ${digest}: not written to ${formatRepository(repository)}`,
    });
  }
  if (bytes.length > MANIFEST_LIMIT) {
    throw new SignedImageError({
      code: 'CONTENT_TOO_LARGE',
      message: `a manifest of ${bytes.length} bytes for ${formatRepository(repository)} is over the ${MANIFEST_LIMIT} that registries take`,
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
    const refusal = await session.refusal(response, `writing manifest ${target}`, repository);
    if (refusal.code !== 'REGISTRY_CONFLICT') throw refusal;
    // The answer to an earlier try may have been lost, and the conflict be with our own write.
    const now = await resolveManifest(session, repository, target);
    if (now?.digest === digest) return { descriptor, subject: undefined };
    const traits = session.traits(repository);
    if (isImmutableTagError(response)) traits.note('immutableTags');
    else if ((ifMatch ?? ifNoneMatch) !== undefined && isPreconditionFailure(response))
      traits.note('heedsConditions');
    throw refusal;
  }
  const claimed = response.headers['docker-content-digest'];
  if (claimed !== undefined && isDigest(claimed) && claimed !== digest) {
    throw new SignedImageError({
      code: 'CONTENT_MISMATCH',
      message: `registry ${session.endpoint.registry} was given ${digest} for ${formatRepository(repository)} and says that it stored ${claimed}`,
    });
  }
  return { descriptor, subject: response.headers['oci-subject'] };
}

/** Harbor answers so to a tag that may not be moved, too, and says it. */
function isPreconditionFailure(response: HttpResponse): boolean {
  return response.status === 412 && !isImmutableTagError(response);
}

/**
 * Finds out whether conditions of a write are heeded: writes what is there already, which harms
 * nobody, on the condition that it is not there.
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
