import { formatRepository, type Repository } from './reference';

/** What a registry was seen to lack, or to do otherwise than others, for one repository. */
export type RegistryTrait =
  | 'noReferrersApi'
  | 'immutableTags'
  | 'noETags'
  | 'lateVisibility'
  | 'noDelete'
  /** The one good thing: it has refused a write whose condition did not hold. */
  | 'heedsConditions';

/** What each means for the signatures; those that mean nothing to a user are not told. */
const MEANING: Readonly<Record<RegistryTrait, string | undefined>> = {
  noReferrersApi: 'has no referrers API: signatures are listed in tags (sha256-...)',
  immutableTags: 'has immutable tags: what a tag lists is written once and cannot be added to',
  noETags: 'gives no ETags: a tag that others may write too is read back after each write',
  lateVisibility: 'shows what was written only after a while: it was waited for',
  noDelete: 'deletes nothing: what is no longer wanted stays there',
  heedsConditions: undefined,
};

/**
 * What was seen of one repository, from the answers to requests that were needed anyway. It is
 * never a reason not to ask: a setting may be changed while this process runs.
 */
export class RegistryTraits {
  readonly #name: string;
  readonly #seen = new Set<RegistryTrait>();
  readonly #told = new Set<RegistryTrait>();

  constructor(repository: Repository) {
    this.#name = formatRepository(repository);
  }

  has(trait: RegistryTrait): boolean {
    return this.#seen.has(trait);
  }

  note(trait: RegistryTrait): void {
    this.#seen.add(trait);
  }

  /** It was seen to be otherwise. */
  forget(trait: RegistryTrait): void {
    this.#seen.delete(trait);
  }

  /** A line for each that was not told before; each is told once in the life of a client. */
  untold(): readonly string[] {
    const fresh = [...this.#seen].filter((trait) => !this.#told.has(trait));
    for (const trait of fresh) this.#told.add(trait);
    return fresh.flatMap((trait) => {
      const meaning = MEANING[trait];
      return meaning === undefined ? [] : [`registry: ${this.#name} ${meaning}`];
    });
  }
}

/** The traits of all repositories that one client meets. */
export class TraitsByRepository {
  readonly #traits = new Map<string, RegistryTraits>();

  of(repository: Repository): RegistryTraits {
    const name = formatRepository(repository);
    const known = this.#traits.get(name) ?? new RegistryTraits(repository);
    this.#traits.set(name, known);
    return known;
  }
}
