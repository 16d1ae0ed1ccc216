import { SignedImageError } from '../error';
import type { Descriptor } from './descriptor';
import { type Digest, digestOf } from './digest';
import { artifactTypeOf } from './manifest';
import { writeManifest } from './manifest-store';
import { OCI_INDEX } from './media-type';
import { formatRepository, type Repository } from './reference';
import { askReferrersApi, fallbackTag, type FallbackIndex, readFallback } from './referrers';
import { backoff } from './retry';
import { serially } from './serial';
import type { RegistrySession } from './session';
import { isJsonObject, parseJsonObject } from './strict-json';

/** How often a lost or not yet visible entry is looked for and written again. */
const MOST_REPAIRS = 6;

/**
 * Pushes a manifest with a `subject`, and lists it in the fallback tag unless the registry both
 * took note of the subject and has the referrers API: some do one and not the other.
 *
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-manifests-with-subject
 */
export async function writeReferrer(
  session: RegistrySession,
  repository: Repository,
  subject: Descriptor,
  bytes: Buffer,
  mediaType: string,
): Promise<Descriptor> {
  const manifest = parseJsonObject(bytes, 'the manifest to attach');
  const declared = isJsonObject(manifest['subject']) ? manifest['subject']['digest'] : undefined;
  if (declared !== subject.digest) {
    throw new SignedImageError({
      code: 'INTERNAL',
      message: `a manifest to attach to ${subject.digest} does not name it as its subject`,
    });
  }
  const written = await writeManifest(session, repository, digestOf(bytes), bytes, mediaType);
  if (!written)
    throw new SignedImageError({
      code: 'INTERNAL',
      message: 'a write without condition was refused for one',
    });
  const { descriptor } = written;
  const hasApi = (await askReferrersApi(session, repository, subject.digest)) !== undefined;
  if (written.subject !== undefined && hasApi) return descriptor;

  const artifactType = artifactTypeOf(manifest);
  const { annotations } = manifest;
  const entry = {
    ...descriptor,
    ...(artifactType !== undefined && { artifactType }),
    ...(isJsonObject(annotations) && { annotations }),
  };
  const tag = fallbackTag(subject.digest);
  await serially(`${formatRepository(repository)}:${tag}`, () =>
    listInFallback(session, repository, subject.digest, entry),
  );
  return descriptor;
}

/**
 * Adds an entry to the fallback tag and reads it back. Nothing locks a tag: another writer may put
 * its own list there between our read and our write, or after it. An ETag shows the first where the
 * registry has it, the reading back shows both.
 */
async function listInFallback(
  session: RegistrySession,
  repository: Repository,
  subject: Digest,
  entry: { readonly digest: Digest },
): Promise<void> {
  const tag = fallbackTag(subject);
  for (let tries = 0; tries <= MOST_REPAIRS; tries += 1) {
    if (tries > 0) await session.clock.sleep(backoff(tries - 1, session.clock));
    const index = await readFallback(session, repository, subject);
    if (index && holds(index, entry.digest)) return;
    const options = index?.etag === undefined ? {} : { ifMatch: index.etag };
    await writeManifest(session, repository, tag, withEntry(index, entry), OCI_INDEX, options);
    const now = await readFallback(session, repository, subject);
    if (now && holds(now, entry.digest)) return;
  }
  throw new SignedImageError({
    code: 'REGISTRY_CONFLICT',
    message: `registry ${session.endpoint.registry} did not keep ${entry.digest} in the list of referrers ${formatRepository(repository)}:${tag}; others may be writing it at the same time: try again`,
  });
}

function holds({ entries }: FallbackIndex, digest: Digest): boolean {
  return entries.some((entry) => isJsonObject(entry) && entry['digest'] === digest);
}

/** Sorted by digest, as go-containerregistry writes it; what others wrote stays as it is. */
function withEntry(index: FallbackIndex | undefined, entry: { readonly digest: Digest }): Buffer {
  const entries = [...(index?.entries ?? []), entry];
  const keyOf = (value: unknown): string => (isJsonObject(value) ? String(value['digest']) : '');
  const manifests = entries.sort((a, b) =>
    keyOf(a) < keyOf(b) ? -1 : keyOf(a) > keyOf(b) ? 1 : 0,
  );
  const document = index?.document ?? { schemaVersion: 2, mediaType: OCI_INDEX };
  return Buffer.from(JSON.stringify({ ...document, manifests }));
}
