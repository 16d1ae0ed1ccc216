import type { FallbackIndex } from './fallback-tag-cache';
import { SignedImageError } from '../error';
import { mediaTypeOf } from './answer';
import type { FetchedManifest, ReferrersOptions } from './client';
import type { Descriptor } from './descriptor';
import { type Digest, isDigest } from './digest';
import { parseDescriptor } from './manifest';
import { fetchManifest, fetchManifestOnce } from './manifest-store';
import { OCI_INDEX } from './media-type';
import { parseTag, type Repository, type Tag } from './reference';
import { confirmAbsent } from './confirmed-absence';
import type { RegistrySession } from './session';
import { isJsonObject, malformed, parseJsonObject } from './strict-json';
import type { HttpResponse } from '../http/message';

/** Statuses that registries without the API return: not found, or an invalid request. */
const NO_API: readonly number[] = [400, 404, 405, 406, 501];
const MAX_PAGES = 100;
const MAX_REFERRERS = 20_000;

/** Lists all referrers by the API if the registry supports it, else by the fallback tag. */
export async function listReferrers(
  session: RegistrySession,
  repository: Repository,
  subject: Digest,
  { provisional = false }: ReferrersOptions = {},
): Promise<readonly Descriptor[]> {
  const traits = session.traits(repository);
  // If the API is probably not supported, the tag is read first: if it exists, it is the list.
  if (!traits.expects('noReferrersApi')) {
    const listed = await fetchReferrersApi(session, repository, subject);
    if (listed) return listed;
  }
  const isKnown = traits.has('noReferrersApi');
  const index = await readFallback(session, repository, subject, { provisional });
  if (index && index.digest !== subject)
    return descriptorsOf(index.entries, `the referrers tag of ${subject}`);
  return (!isKnown && (await fetchReferrersApi(session, repository, subject))) || [];
}

/**
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers
 *
 * @returns `undefined` if the registry does not support the API
 */
export async function fetchReferrersApi(
  session: RegistrySession,
  repository: Repository,
  subject: Digest,
): Promise<readonly Descriptor[] | undefined> {
  const fetchOnce = () => fetchReferrersOnce(session, repository, subject);
  const traits = session.traits(repository);
  // If the trait is known from another repository, it was already confirmed by a second read.
  const listed = await (traits.expects('noReferrersApi') ? fetchOnce() : confirmAbsent(fetchOnce));
  if (listed === undefined) {
    traits.note('noReferrersApi');
    traits.forget('referrersApi');
  } else {
    traits.note('referrersApi');
    traits.forget('noReferrersApi');
  }
  return listed;
}

async function fetchReferrersOnce(
  session: RegistrySession,
  repository: Repository,
  subject: Digest,
): Promise<readonly Descriptor[] | undefined> {
  const found: Descriptor[] = [];
  let url: URL | undefined = session.url(repository, `referrers/${subject}`);
  for (let page = 0; url; page += 1) {
    if (page === MAX_PAGES) {
      throw new SignedImageError({
        code: 'CONTENT_TOO_LARGE',
        message: `registry ${session.endpoint.registry} lists more than ${MAX_PAGES} pages of referrers of ${subject}`,
      });
    }
    const response: HttpResponse = await session.send(
      { method: 'GET', url, headers: { accept: OCI_INDEX } },
      { path: repository.path, access: 'pull' },
    );
    // A 200 with another type comes from a registry or proxy that does not implement the path.
    const isList = response.status === 200 && mediaTypeOf(response) === OCI_INDEX;
    if (page === 0 && (NO_API.includes(response.status) || (response.status === 200 && !isList))) {
      return undefined;
    }
    if (!isList)
      throw await session.responseError(response, `listing referrers of ${subject}`, repository);
    const what = `the list of referrers of ${subject}`;
    const { manifests } = parseJsonObject(response.body, what);
    // Go writes an empty list as null.
    if (manifests !== null && !Array.isArray(manifests))
      throw malformed(what, 'does not have a list of manifests');
    for (const descriptor of descriptorsOf(manifests ?? [], what)) found.push(descriptor);
    if (found.length > MAX_REFERRERS) {
      throw new SignedImageError({
        code: 'CONTENT_TOO_LARGE',
        message: `registry ${session.endpoint.registry} lists more than ${MAX_REFERRERS} referrers of ${subject}`,
      });
    }
    url = nextPage(session, response, 'referrers');
  }
  return found;
}

/** Returns the URL of the next page, which must be at the same registry, because credentials are sent there. */
export function nextPage(
  session: RegistrySession,
  { url, headers }: HttpResponse,
  listed: string,
): URL | undefined {
  const target = /<([^>]*)>\s*;[^,]*\brel="?next\b/i.exec(headers['link'] ?? '')?.[1];
  if (target === undefined) return undefined;
  const next = URL.canParse(target, url.href) ? new URL(target, url) : undefined;
  if (next?.origin === session.endpoint.base.origin) return next;
  throw new SignedImageError({
    code: 'REGISTRY_PROTOCOL',
    message: `registry ${session.endpoint.registry} returned a next page of ${listed} on another host`,
  });
}

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#referrers-tag-schema */
export function fallbackTag(subject: Digest): Tag {
  return parseTag(subject.replace(':', '-'));
}

/** @param options `provisional`: "not found" is not confirmed by a second read; a later write confirms it */
export async function readFallback(
  session: RegistrySession,
  repository: Repository,
  subject: Digest,
  { provisional = false }: ReferrersOptions = {},
): Promise<FallbackIndex | undefined> {
  const tag = fallbackTag(subject);
  const read = provisional ? fetchManifestOnce : fetchManifest;
  const fetched = await read(session, repository, tag);
  const index = isSubject(fetched, subject) ? emptyIndex(fetched) : indexOf(fetched, tag);
  session.fallbackTags.note(repository, tag, index);
  return index;
}

/** `cosign copy` gives this name to each manifest that it copies, which then has no list of referrers. */
function isSubject(
  fetched: FetchedManifest | undefined,
  subject: Digest,
): fetched is FetchedManifest {
  return fetched?.descriptor.digest === subject;
}

/** A write replaces the name. */
function emptyIndex({ descriptor: { digest }, etag }: FetchedManifest): FallbackIndex {
  const document = { schemaVersion: 2, mediaType: OCI_INDEX };
  return { document, entries: [], digest, etag };
}

function indexOf(fetched: FetchedManifest | undefined, tag: Tag): FallbackIndex | undefined {
  if (!fetched) return undefined;
  const what = `the referrers tag ${tag}`;
  if (fetched.descriptor.mediaType !== OCI_INDEX) {
    throw malformed(
      what,
      `has the media type ${fetched.descriptor.mediaType} instead of that of an OCI index`,
    );
  }
  const document = parseJsonObject(fetched.bytes, what);
  const { manifests } = document;
  if (manifests !== null && !Array.isArray(manifests))
    throw malformed(what, 'does not have a list of manifests');
  const { digest } = fetched.descriptor;
  return { document, entries: manifests ?? [], digest, etag: fetched.etag };
}

/** Parses the descriptors; those with other digest algorithms are omitted. */
function descriptorsOf(entries: readonly unknown[], what: string): readonly Descriptor[] {
  return entries
    .filter((entry) => !hasForeignDigest(entry))
    .map((entry, position) => parseDescriptor(entry, `${what}: entry ${position}`));
}

function hasForeignDigest(entry: unknown): boolean {
  const digest = isJsonObject(entry) ? entry['digest'] : undefined;
  return (
    typeof digest === 'string' &&
    !isDigest(digest) &&
    /^(?!sha256:)[a-z0-9+._-]+:[\w=-]+$/.test(digest)
  );
}
