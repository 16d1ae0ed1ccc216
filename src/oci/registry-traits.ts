import { formatRepository, type Repository } from './reference';

/** What a registry was seen to lack, or to do otherwise than others, for one repository. */
export type RegistryTrait =
  | 'noReferrersApi'
  | 'immutableTags'
  | 'noETags'
  | 'lateVisibility'
  | 'noDelete'
  /** It took a blob's first request for the begin of an upload: it is sent in two. */
  | 'noSinglePost'
  /** It has asked nobody who they are. */
  | 'open'
  /** The good things: it has listed referrers by the API, */
  | 'referrersApi'
  /** and it has refused a write whose condition did not hold. */
  | 'heedsConditions'
  /** It did what the condition of a write forbids. */
  | 'ignoresConditions';

/** What each means for the signatures; those that mean nothing to a user are not told. */
const MEANING: Readonly<Record<RegistryTrait, string | undefined>> = {
  noReferrersApi: 'has no referrers API: signatures are listed in tags (sha256-...)',
  immutableTags: 'has immutable tags: what a tag lists is written once and cannot be added to',
  noETags: 'gives no ETags: a tag that others may write too is read back after each write',
  lateVisibility: 'shows what was written only after a while: it was waited for',
  noDelete: 'deletes nothing: what is no longer wanted stays there',
  noSinglePost: undefined,
  open: undefined,
  referrersApi: undefined,
  heedsConditions: undefined,
  ignoresConditions: undefined,
};

/**
 * What was seen of one repository, nearly all of it from the answers to requests that were needed
 * anyway, and what was seen of those beside it.
 */
export class RegistryTraits {
  readonly #name: string;
  readonly #seen = new Set<RegistryTrait>();
  readonly #told = new Set<RegistryTrait>();

  /** @param nearby what was seen of any repository in the same area */
  constructor(
    repository: Repository,
    private readonly nearby: Set<RegistryTrait> = new Set(),
  ) {
    this.#name = formatRepository(repository);
  }

  /** Seen in this repository. */
  has(trait: RegistryTrait): boolean {
    return this.#seen.has(trait);
  }

  /** Seen in this repository or in one beside it, so that it is most likely so here too. */
  expects(trait: RegistryTrait): boolean {
    return this.#seen.has(trait) || this.nearby.has(trait);
  }

  note(trait: RegistryTrait): void {
    this.#seen.add(trait);
    this.nearby.add(trait);
  }

  /** It was seen to be otherwise. */
  forget(trait: RegistryTrait): void {
    this.#seen.delete(trait);
    this.nearby.delete(trait);
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
  readonly #areas = new Map<string, Set<RegistryTrait>>();

  of(repository: Repository): RegistryTraits {
    const name = formatRepository(repository);
    const known = this.#traits.get(name) ?? new RegistryTraits(repository, this.#area(repository));
    this.#traits.set(name, known);
    return known;
  }

  /** One host may serve several kinds of registry, told apart by the first part of the path. */
  #area({ registry, path }: Repository): Set<RegistryTrait> {
    const name = `${registry}/${path.split('/', 1)[0] ?? ''}`;
    const known = this.#areas.get(name) ?? new Set<RegistryTrait>();
    this.#areas.set(name, known);
    return known;
  }
}
