import { SignedImageError } from '../error';
import type { PutManifestOptions } from './client';
import type { Digest } from './digest';
import type { RegistryTraits } from './registry-traits';

/** Limits of reads and writes of a tag until the change is visible. */
const MAX_READS = 30;
const MAX_WRITES = 16;
/** Number of reads that must show our change after a write. */
const READS_AFTER_WRITE = 2;
const READS_AFTER_UNCONDITIONAL_WRITE = 3;
/** The same if the registry rejects a write that would overwrite another one. */
const READS_AFTER_CONDITIONAL_WRITE = 1;
/** Number of reads that may show the previous content before our write counts as overwritten. */
const MAX_STALE_READS = 6;
/** After this number of conflicts without a change in between, the cause is not a race. */
const MAX_CONFLICTS_WITHOUT_CHANGE = 7;

const MIN_PAUSE_MS = 20;
const MAX_PAUSE_MS = 1_000;

/** Returns the milliseconds before another read: exponential with jitter, so that concurrent writers diverge. */
export function backoffMs(attempt: number, random: () => number): number {
  return Math.min(MAX_PAUSE_MS, MIN_PAUSE_MS * 2 ** attempt) * (0.5 + random() / 2);
}

export interface TagContent {
  readonly digest: Digest;
  readonly etag: string | undefined;
}

/** A tag whose manifest lists entries of several writers. It can only be replaced as a whole. */
export interface SharedTag<C extends TagContent> {
  readonly read: () => Promise<C | undefined>;
  /** The cached content, if the first write may start from it. */
  readonly cached?: { readonly index: C | undefined } | undefined;
  /** Whether the content is as intended: our entry is present, or has been removed. */
  readonly isSettled: (content: C | undefined) => boolean;
  /**
   * Writes the previous content with our entry added or removed.
   *
   * @throws SignedImageError `REGISTRY_CONFLICT` if the registry rejects the write
   */
  readonly write: (before: C | undefined, condition: PutManifestOptions) => Promise<unknown>;
  readonly pause: (attempt: number) => Promise<void>;
}

/** Why the change failed. `stuck`: every write conflicts although nothing changes in between. */
export interface Unchanged {
  readonly why: 'immutable' | 'stuck' | 'undone';
  readonly cause: unknown;
}

/**
 * Changes our entry of a shared tag until reads confirm it. Tags cannot be locked: another writer may
 * replace a tag between our read and our write, or after it. A precondition (`If-Match`, and
 * `If-None-Match: *` for the first write) detects the former in registries that honor it; reading
 * again detects both. One read is enough if preconditions are honored. If a registry is eventually
 * consistent, the change is awaited and not written again.
 *
 * https://www.rfc-editor.org/rfc/rfc9110#name-preconditions
 *
 * @returns `undefined` if the change is confirmed
 */
export async function changeTag<C extends TagContent>(
  tag: SharedTag<C>,
  traits: RegistryTraits,
): Promise<Unchanged | undefined> {
  let conflicts: readonly Conflict[] = [];
  let ours: Write | undefined;
  let missingReads = 1;
  let writes = 0;
  for (let read = 0; read < MAX_READS && writes <= MAX_WRITES; read += 1) {
    // The first read after a write does not need a pause: most registries are consistent at once.
    if (read > 0 && !(ours && read === 1)) await tag.pause(read);
    const now = read === 0 && tag.cached ? tag.cached.index : await tag.read();
    if (tag.isSettled(now)) {
      if (ours && ours.stale > 0) traits.note('lateVisibility');
      missingReads -= 1;
      if (missingReads <= 0) return undefined;
      continue;
    }
    if (ours && now?.digest === ours.before && ours.stale < MAX_STALE_READS) {
      ours.stale += 1;
      continue;
    }
    try {
      writes += 1;
      await tag.write(now, conditionOf(now));
      ours = { before: now?.digest, stale: 0 };
      if (now && now.etag === undefined) traits.note('noETags');
      missingReads = readsAfterWrite(now, traits);
    } catch (cause) {
      if (!(cause instanceof SignedImageError) || cause.code !== 'REGISTRY_CONFLICT') throw cause;
      if (traits.has('immutableTags')) return { why: 'immutable', cause };
      conflicts = [...conflicts, { before: now?.digest, cause }];
      if (isStuck(conflicts)) return { why: 'stuck', cause };
    }
  }
  return { why: 'undone', cause: conflicts.at(-1)?.cause };
}

function readsAfterWrite(before: TagContent | undefined, traits: RegistryTraits): number {
  if (before && before.etag === undefined) return READS_AFTER_UNCONDITIONAL_WRITE;
  return traits.expects('honorsPreconditions') ? READS_AFTER_CONDITIONAL_WRITE : READS_AFTER_WRITE;
}

interface Write {
  /** Digest of the tag before the write. */
  readonly before: Digest | undefined;
  /** Number of reads that still returned that digest. */
  stale: number;
}

interface Conflict {
  readonly before: Digest | undefined;
  readonly cause: unknown;
}

function conditionOf(now: TagContent | undefined): PutManifestOptions {
  if (!now) return { ifNoneMatch: '*' };
  return now.etag === undefined ? {} : { ifMatch: now.etag };
}

function isStuck(conflicts: readonly Conflict[]): boolean {
  const [first, ...others] = conflicts.slice(-MAX_CONFLICTS_WITHOUT_CHANGE);
  return (
    others.length === MAX_CONFLICTS_WITHOUT_CHANGE - 1 &&
    others.every(({ before }) => before === first?.before)
  );
}
