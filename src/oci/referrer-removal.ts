import { SignedImageError } from '../error';
import type { PutManifestOptions } from './client';
import type { Digest } from './digest';
import { removeManifest } from './manifest-removal';
import { type Removal } from './client';
import { writeManifest } from './manifest-store';
import { OCI_INDEX } from './media-type';
import { formatRepository, type Repository } from './reference';
import { fallbackTag, readFallback } from './referrers';
import { type FallbackIndex } from './fallback-tag-cache';
import { withLock } from '../host/lock';
import type { RegistrySession } from './session';
import { changeTag, backoffMs } from './shared-tag';
import { isJsonObject } from './strict-json';

/**
 * Deletes a referrer, and removes it from the fallback tag if it is listed there. The manifest is
 * deleted first: readers skip an entry without a manifest, whereas a manifest that is not listed
 * would never be found again.
 *
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#deleting-manifests
 *
 * @throws SignedImageError `REGISTRY_*`
 */
export async function removeReferrer(
  session: RegistrySession,
  repository: Repository,
  subject: Digest,
  digest: Digest,
): Promise<Removal> {
  const removal = await removeManifest(session, repository, digest);
  if (removal === 'unsupported') return removal;
  await withLock(`${formatRepository(repository)}:${fallbackTag(subject)}`, () =>
    unlist(session, repository, subject, digest),
  );
  return removal;
}

async function unlist(
  session: RegistrySession,
  repository: Repository,
  subject: Digest,
  digest: Digest,
): Promise<void> {
  const name = `${formatRepository(repository)}:${fallbackTag(subject)}`;
  const unchanged = await changeTag<FallbackIndex>(
    {
      read: () => readFallback(session, repository, subject),
      isSettled: (index) => !index?.entries.some((entry) => isFor(digest, entry)),
      write: (index, condition) =>
        writeWithout(session, repository, subject, digest, index, condition),
      pause: (attempt) => session.clock.sleep(backoffMs(attempt, session.clock.random)),
    },
    session.traits(repository),
  );
  if (!unchanged) return;
  throw conflict(
    unchanged.why === 'undone'
      ? `${name} still lists ${digest}, which was deleted; other writers may be changing it concurrently: try again`
      : `${digest} was deleted, but the registry did not allow its removal from the list of referrers ${name}`,
    unchanged.cause,
  );
}

async function writeWithout(
  session: RegistrySession,
  repository: Repository,
  subject: Digest,
  digest: Digest,
  index: FallbackIndex | undefined,
  condition: PutManifestOptions,
): Promise<void> {
  if (!index) return;
  const manifests = index.entries.filter((entry) => !isFor(digest, entry));
  // An empty index is deleted; entries added concurrently make another digest, which stays.
  if (manifests.length === 0) {
    const removal = await removeManifest(session, repository, index.digest);
    if (removal !== 'unsupported') return;
  }
  const tag = fallbackTag(subject);
  const bytes = Buffer.from(JSON.stringify({ ...index.document, manifests }));
  if (await writeManifest(session, repository, tag, bytes, OCI_INDEX, condition)) return;
  throw conflict(
    `${formatRepository(repository)}:${tag} was changed concurrently by another writer`,
    undefined,
  );
}

function isFor(digest: Digest, entry: unknown): boolean {
  return isJsonObject(entry) && entry['digest'] === digest;
}

function conflict(message: string, cause: unknown): SignedImageError {
  return new SignedImageError({ code: 'REGISTRY_CONFLICT', message, cause });
}
