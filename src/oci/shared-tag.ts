import { SignedImageError } from '../error';
import type { PutManifestOptions } from './client';
import type { Digest } from './digest';
import type { RegistryTraits } from './registry-traits';

/** How often at most a tag is looked at, and written, until what was added is seen there. */
const MOST_LOOKS = 30;
const MOST_WRITES = 16;
/** What a tag holds after a write of ours is believed when it is seen so often. */
const LOOKS_AFTER_WRITE = 2;
const LOOKS_AFTER_FREE_WRITE = 3;
/** Where the registry itself sees to it that no write undoes another. */
const LOOKS_AFTER_GUARDED_WRITE = 1;
/** How often a tag may show what it held before our write until that counts as undone. */
const MOST_STALE = 6;
/** So many refusals between which nothing changes are no race. */
const REFUSALS_OF_STUCK = 7;

const FIRST_PAUSE = 20;
const LONGEST_PAUSE = 1_000;

/** Milliseconds before another look: growing, and by chance, so that two writers do not meet for ever. */
export function pauseBefore(attempt: number, random: () => number): number {
  return Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** attempt) * (0.5 + random() / 2);
}

export interface TagContent {
  readonly digest: Digest;
  readonly etag: string | undefined;
}

/** A tag whose manifest lists what several writers put there: it can only be replaced as a whole. */
export interface SharedTag<C extends TagContent> {
  readonly read: () => Promise<C | undefined>;
  /** What was read just before, where the first write may start from that. */
  readonly sight?: { readonly index: C | undefined } | undefined;
  /** Whether it is as it shall be: our part is there, or is not there any more. */
  readonly settled: (content: C | undefined) => boolean;
  /**
   * Writes what was there with our part added, or without it.
   *
   * @throws SignedImageError `REGISTRY_CONFLICT` where the registry does not let it be written
   */
  readonly write: (before: C | undefined, condition: PutManifestOptions) => Promise<unknown>;
  readonly pause: (attempt: number) => Promise<void>;
}

/** Why it is not as it shall be. `stuck`: each write is refused, and nothing changes in between. */
export interface Unchanged {
  readonly why: 'immutable' | 'stuck' | 'undone';
  readonly cause: unknown;
}

/**
 * Changes our part of a shared tag until it is seen to stay so. Nothing locks a tag: another writer
 * may replace it between our read and our write, or after it. A condition (`If-Match`, and
 * `If-None-Match: *` for the first write) shows the first to registries that heed it, looking again
 * shows both; one look is enough where conditions are heeded. Whoever shows what was written only after
 * a while is waited for, and not written again.
 *
 * https://www.rfc-editor.org/rfc/rfc9110#name-preconditions
 *
 * @returns `undefined` where it is as it shall be
 */
export async function changeTag<C extends TagContent>(
  tag: SharedTag<C>,
  traits: RegistryTraits,
): Promise<Unchanged | undefined> {
  let refused: readonly Refused[] = [];
  let ours: Write | undefined;
  let owed = 1;
  let writes = 0;
  for (let look = 0; look < MOST_LOOKS && writes <= MOST_WRITES; look += 1) {
    // The first look after a write needs no pause: most registries show it at once.
    if (look > 0 && !(ours && look === 1)) await tag.pause(look);
    const now = look === 0 && tag.sight ? tag.sight.index : await tag.read();
    if (tag.settled(now)) {
      if (ours && ours.stale > 0) traits.note('lateVisibility');
      owed -= 1;
      if (owed <= 0) return undefined;
      continue;
    }
    if (ours && now?.digest === ours.before && ours.stale < MOST_STALE) {
      ours.stale += 1;
      continue;
    }
    try {
      writes += 1;
      await tag.write(now, conditionOf(now));
      ours = { before: now?.digest, stale: 0 };
      if (now && now.etag === undefined) traits.note('noETags');
      owed = readsAfterWrite(now, traits);
    } catch (cause) {
      if (!(cause instanceof SignedImageError) || cause.code !== 'REGISTRY_CONFLICT') throw cause;
      if (traits.has('immutableTags')) return { why: 'immutable', cause };
      refused = [...refused, { before: now?.digest, cause }];
      if (isStuck(refused)) return { why: 'stuck', cause };
    }
  }
  return { why: 'undone', cause: refused.at(-1)?.cause };
}

function readsAfterWrite(before: TagContent | undefined, traits: RegistryTraits): number {
  if (before && before.etag === undefined) return LOOKS_AFTER_FREE_WRITE;
  return traits.expects('heedsConditions') ? LOOKS_AFTER_GUARDED_WRITE : LOOKS_AFTER_WRITE;
}

interface Write {
  /** What the tag held before it. */
  readonly before: Digest | undefined;
  /** How often it was still seen to hold that. */
  stale: number;
}

interface Refused {
  readonly before: Digest | undefined;
  readonly cause: unknown;
}

function conditionOf(now: TagContent | undefined): PutManifestOptions {
  if (!now) return { ifNoneMatch: '*' };
  return now.etag === undefined ? {} : { ifMatch: now.etag };
}

function isStuck(refused: readonly Refused[]): boolean {
  const [first, ...others] = refused.slice(-REFUSALS_OF_STUCK);
  return (
    others.length === REFUSALS_OF_STUCK - 1 &&
    others.every(({ before }) => before === first?.before)
  );
}
