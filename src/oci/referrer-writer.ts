import { SignedImageError } from '../error';
import type { StoredReferrer } from './client';
import type { Descriptor } from './descriptor';
import { type Digest, digestOf } from './digest';
import { artifactTypeOf } from './manifest';
import { honorsPreconditions, writeManifest } from './manifest-store';
import { OCI_INDEX } from './media-type';
import { formatRepository, type Repository, type Tag } from './reference';
import { fetchReferrersApi, fallbackTag, readFallback } from './referrers';
import { type FallbackIndex } from './fallback-tag-cache';
import { withLock } from '../host/lock';
import type { RegistryTraits } from './registry-traits';
import type { RegistrySession } from './session';
import { changeTag, backoffMs } from './shared-tag';
import { isJsonObject, parseJsonObject } from './strict-json';

/**
 * Pushes a manifest with a `subject`, and lists it in the fallback tag unless the registry both
 * confirms the subject (`OCI-Subject`) and supports the referrers API: some do only one of these.
 *
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-manifests-with-subject
 */
export async function writeReferrer(
  session: RegistrySession,
  repository: Repository,
  subject: Descriptor,
  bytes: Buffer,
  mediaType: string,
): Promise<StoredReferrer> {
  const manifest = parseJsonObject(bytes, 'the manifest to attach');
  const declared = isJsonObject(manifest['subject']) ? manifest['subject']['digest'] : undefined;
  if (declared !== subject.digest) {
    throw new SignedImageError({
      code: 'INTERNAL',
      message: `the manifest to attach to ${subject.digest} does not have it as its subject`,
    });
  }
  const written = await writeManifest(session, repository, digestOf(bytes), bytes, mediaType);
  const { descriptor } = written;
  if (written.subject !== undefined && (await hasReferrersApi(session, repository, subject.digest)))
    return { descriptor, listedBy: 'api' };

  const artifactType = artifactTypeOf(manifest);
  const { annotations } = manifest;
  const entry = {
    ...descriptor,
    ...(artifactType !== undefined && { artifactType }),
    ...(isJsonObject(annotations) && { annotations }),
  };
  const tag = fallbackTag(subject.digest);
  await detectPreconditions(session.traits(repository), () =>
    honorsPreconditions(session, repository, descriptor.digest, bytes, mediaType),
  );
  await withLock(`${formatRepository(repository)}:${tag}`, () =>
    listInFallback(session, repository, subject.digest, entry),
  );
  return { descriptor, listedBy: 'tag' };
}

/** A list that the API returned before the write is sufficient. */
async function hasReferrersApi(
  session: RegistrySession,
  repository: Repository,
  subject: Digest,
): Promise<boolean> {
  if (session.traits(repository).has('referrersApi')) return true;
  return (await fetchReferrersApi(session, repository, subject)) !== undefined;
}

/** Tests once per registry namespace whether preconditions are honored; if so, fewer reads after a write are needed. */
async function detectPreconditions(
  traits: RegistryTraits,
  areHonored: () => Promise<boolean>,
): Promise<void> {
  if (traits.expects('honorsPreconditions') || traits.expects('ignoresPreconditions')) return;
  traits.note((await areHonored()) ? 'honorsPreconditions' : 'ignoresPreconditions');
}

/** Adds an entry to the fallback tag, which other tools that attach artifacts write, too. */
async function listInFallback(
  session: RegistrySession,
  repository: Repository,
  subject: Digest,
  entry: { readonly digest: Digest },
): Promise<void> {
  const tag = fallbackTag(subject);
  const name = `${formatRepository(repository)}:${tag}`;
  const notAdded = await changeTag<FallbackIndex>(
    {
      read: () => readFallback(session, repository, subject),
      cached: cachedTagForWrite(session, repository, tag),
      isSettled: (index) => index !== undefined && hasEntry(index, entry.digest),
      write: (index, condition) =>
        writeManifest(session, repository, tag, withEntry(index, entry), OCI_INDEX, condition),
      pause: (attempt) => session.clock.sleep(backoffMs(attempt, session.clock.random)),
    },
    session.traits(repository),
  );
  if (!notAdded) return;
  const registry = `registry ${session.endpoint.registry}`;
  const { why, cause } = notAdded;
  const detail = cause instanceof SignedImageError ? `: ${cause.message}` : '';
  if (why === 'undone') {
    throw conflict(
      `${registry} did not keep ${entry.digest} in the list of referrers ${name}; other writers may be changing it concurrently: try again`,
      cause,
    );
  }
  throw conflict(
    `${registry} does not support the referrers API, and did not allow a change of the list of referrers ${name}${detail}`,
    cause,
  );
}

/** Returns the cached index if the registry rejects a write when the tag has changed since. */
function cachedTagForWrite(session: RegistrySession, repository: Repository, tag: Tag) {
  if (!session.traits(repository).expects('honorsPreconditions')) return undefined;
  const cached = session.fallbackTags.take(repository, tag);
  return cached?.index && cached.index.etag === undefined ? undefined : cached;
}

function conflict(message: string, cause?: unknown): SignedImageError {
  return new SignedImageError({ code: 'REGISTRY_CONFLICT', message, cause });
}

function hasEntry({ entries }: FallbackIndex, digest: Digest): boolean {
  return entries.some((entry) => isJsonObject(entry) && entry['digest'] === digest);
}

/** Sorted by digest, as go-containerregistry writes it; entries of other writers are unchanged. */
function withEntry(index: FallbackIndex | undefined, entry: { readonly digest: Digest }): Buffer {
  const entries = [...(index?.entries ?? []), entry];
  const keyOf = (value: unknown): string => (isJsonObject(value) ? String(value['digest']) : '');
  const manifests = entries.sort((a, b) =>
    keyOf(a) < keyOf(b) ? -1 : keyOf(a) > keyOf(b) ? 1 : 0,
  );
  const document = index?.document ?? { schemaVersion: 2, mediaType: OCI_INDEX };
  return Buffer.from(JSON.stringify({ ...document, manifests }));
}
