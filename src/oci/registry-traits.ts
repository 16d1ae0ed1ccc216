import { formatRepository, type Repository } from './reference';

/** An observed behavior of a registry for one repository. */
export type RegistryTrait =
  | 'noReferrersApi'
  | 'immutableTags'
  | 'noETags'
  | 'lateVisibility'
  | 'noDelete'
  /** It does not support the monolithic POST of a blob: blobs are sent in two requests. */
  | 'noSinglePost'
  /** It did not require authentication. */
  | 'open'
  /** It listed referrers by the API. */
  | 'referrersApi'
  /** It rejected a write whose precondition failed. */
  | 'honorsPreconditions'
  /** It performed a write whose precondition failed. */
  | 'ignoresPreconditions';

/** Log text for the traits that matter to users; the others are not logged. */
const DESCRIPTIONS: Readonly<Record<RegistryTrait, string | undefined>> = {
  noReferrersApi: 'does not support the referrers API: signatures are listed in tags (sha256-...)',
  immutableTags: 'has immutable tags: the list in a tag is written once and cannot be extended',
  noETags: 'does not return ETags: tags with several writers are read back after each write',
  lateVisibility: 'is eventually consistent: writes became visible after a delay',
  noDelete: 'does not support deletion: content that is no longer needed stays there',
  noSinglePost: undefined,
  open: undefined,
  referrersApi: undefined,
  honorsPreconditions: undefined,
  ignoresPreconditions: undefined,
};

/**
 * The observed traits of one repository and of its registry namespace, nearly all of them from the
 * responses to requests that were needed anyway.
 */
export class RegistryTraits {
  readonly #name: string;
  readonly #seen = new Set<RegistryTrait>();
  readonly #logged = new Set<RegistryTrait>();

  /** @param nearby traits of all repositories in the same registry namespace */
  constructor(
    repository: Repository,
    private readonly nearby: Set<RegistryTrait> = new Set(),
  ) {
    this.#name = formatRepository(repository);
  }

  /** Whether the trait was observed for this repository. */
  has(trait: RegistryTrait): boolean {
    return this.#seen.has(trait);
  }

  /** Whether the trait was observed for this repository or another one in its namespace, so that it is likely. */
  expects(trait: RegistryTrait): boolean {
    return this.#seen.has(trait) || this.nearby.has(trait);
  }

  note(trait: RegistryTrait): void {
    this.#seen.add(trait);
    this.nearby.add(trait);
  }

  /** Removes a trait after the opposite was observed. */
  forget(trait: RegistryTrait): void {
    this.#seen.delete(trait);
    this.nearby.delete(trait);
  }

  /** Returns a log line for each trait that was not logged before; each is logged once per client. */
  newLogLines(): readonly string[] {
    const fresh = [...this.#seen].filter((trait) => !this.#logged.has(trait));
    for (const trait of fresh) this.#logged.add(trait);
    return fresh.flatMap((trait) => {
      const description = DESCRIPTIONS[trait];
      return description === undefined ? [] : [`registry: ${this.#name} ${description}`];
    });
  }
}

/** The traits of all repositories that one client uses. */
export class TraitsByRepository {
  readonly #traits = new Map<string, RegistryTraits>();
  readonly #namespaces = new Map<string, Set<RegistryTrait>>();

  of(repository: Repository): RegistryTraits {
    const name = formatRepository(repository);
    const known =
      this.#traits.get(name) ?? new RegistryTraits(repository, this.#namespace(repository));
    this.#traits.set(name, known);
    return known;
  }

  /** One host may serve several kinds of registry, which differ in the first part of the path. */
  #namespace({ registry, path }: Repository): Set<RegistryTrait> {
    const name = `${registry}/${path.split('/', 1)[0] ?? ''}`;
    const known = this.#namespaces.get(name) ?? new Set<RegistryTrait>();
    this.#namespaces.set(name, known);
    return known;
  }
}
