/**
 * What the resources of this run rest on, so that a deletion takes nothing away that another one
 * still needs: an engine makes the new before it deletes the old, and several resources may share
 * one image or one signature. Only this process is known: not other stacks, and in a targeted
 * update not the resources that are left out.
 */
export interface ContentUses {
  /** What a resource rests on from now on; it replaces what was noted for it before. */
  note(urn: string, repository: string, digests: readonly string[]): void;
  /** A resource that rests on this digest, by its URN. */
  userOf(repository: string, digest: string): string | undefined;
  /** All digests of a repository that something rests on. */
  of(repository: string): readonly string[];
}

export function createContentUses(): ContentUses {
  const uses = new Map<string, { readonly repository: string; readonly digests: Set<string> }>();
  return {
    note: (urn, repository, digests) =>
      void uses.set(urn, { repository, digests: new Set(digests) }),
    userOf: (repository, digest) =>
      [...uses].find(([, use]) => use.repository === repository && use.digests.has(digest))?.[0],
    of: (repository) =>
      [...uses.values()].flatMap((use) => (use.repository === repository ? [...use.digests] : [])),
  };
}
