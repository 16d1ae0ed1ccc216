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

/** What a registry without the API says: not found, or that it cannot read such a request. */
const NO_API: readonly number[] = [400, 404, 405, 406, 501];
const MOST_PAGES = 100;
const MOST_REFERRERS = 20_000;

/** All referrers, by the API where the registry has it, else by the fallback tag. */
export async function listReferrers(
  session: RegistrySession,
  repository: Repository,
  subject: Digest,
  { provisional = false }: ReferrersOptions = {},
): Promise<readonly Descriptor[]> {
  const traits = session.traits(repository);
  // Where none is to be expected the tag is read first: if it is there, it is the list.
  if (!traits.expects('noReferrersApi')) {
    const listed = await fetchReferrersApi(session, repository, subject);
    if (listed) return listed;
  }
  const isKnown = traits.has('noReferrersApi');
  const index = await readFallback(session, repository, subject, { provisional });
  if (index) return descriptorsOf(index.entries, `the referrers tag of ${subject}`);
  return (!isKnown && (await fetchReferrersApi(session, repository, subject))) || [];
}

/**
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers
 *
 * @returns `undefined` when the registry has no such API.
 */
export async function fetchReferrersApi(
  session: RegistrySession,
  repository: Repository,
  subject: Digest,
): Promise<readonly Descriptor[] | undefined> {
  const ask = () => fetchReferrersOnce(session, repository, subject);
  const traits = session.traits(repository);
  // An area where nobody has it has been looked at twice before.
  const listed = await (traits.expects('noReferrersApi') ? ask() : confirmAbsent(ask));
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
    if (page === MOST_PAGES) {
      throw new SignedImageError({
        code: 'CONTENT_TOO_LARGE',
        message: `registry ${session.endpoint.registry} lists more than ${MOST_PAGES} pages of referrers of ${subject}`,
      });
    }
    const response: HttpResponse = await session.send(
      { method: 'GET', url, headers: { accept: OCI_INDEX } },
      { path: repository.path, access: 'pull' },
    );
    // A 200 of another type is a registry, or what stands before it, that does not know the path.
    const isList = response.status === 200 && mediaTypeOf(response) === OCI_INDEX;
    if (page === 0 && (NO_API.includes(response.status) || (response.status === 200 && !isList))) {
      return undefined;
    }
    if (!isList)
      throw await session.refusal(response, `listing referrers of ${subject}`, repository);
    const what = `the list of referrers of ${subject}`;
    const { manifests } = parseJsonObject(response.body, what);
    // Go writes an empty list as null.
    if (manifests !== null && !Array.isArray(manifests))
      throw malformed(what, 'has no list of manifests');
    for (const descriptor of descriptorsOf(manifests ?? [], what)) found.push(descriptor);
    if (found.length > MOST_REFERRERS) {
      throw new SignedImageError({
        code: 'CONTENT_TOO_LARGE',
        message: `registry ${session.endpoint.registry} lists more than ${MOST_REFERRERS} referrers of ${subject}`,
      });
    }
    url = nextPage(session, response, 'referrers');
  }
  return found;
}

/** The next page, if it is at the same registry: the credentials are for no other. */
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
    message: `registry ${session.endpoint.registry} continues its list of ${listed} at another host`,
  });
}

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#referrers-tag-schema */
export function fallbackTag(subject: Digest): Tag {
  return parseTag(subject.replace(':', '-'));
}

/** @param options `provisional`: "not there" is taken at the first word; who writes then makes sure */
export async function readFallback(
  session: RegistrySession,
  repository: Repository,
  subject: Digest,
  { provisional = false }: ReferrersOptions = {},
): Promise<FallbackIndex | undefined> {
  const tag = fallbackTag(subject);
  const read = provisional ? fetchManifestOnce : fetchManifest;
  const index = indexOf(await read(session, repository, tag), tag);
  session.fallbackTags.note(repository, tag, index);
  return index;
}

function indexOf(fetched: FetchedManifest | undefined, tag: Tag): FallbackIndex | undefined {
  if (!fetched) return undefined;
  const what = `the referrers tag ${tag}`;
  if (fetched.descriptor.mediaType !== OCI_INDEX) {
    throw malformed(what, `holds ${fetched.descriptor.mediaType} instead of an OCI index`);
  }
  const document = parseJsonObject(fetched.bytes, what);
  const { manifests } = document;
  if (manifests !== null && !Array.isArray(manifests))
    throw malformed(what, 'has no list of manifests');
  const { digest } = fetched.descriptor;
  return { document, entries: manifests ?? [], digest, etag: fetched.etag };
}

/** The descriptors that can be followed: those of another digest algorithm are left out. */
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
