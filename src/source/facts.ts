/** Where the source and the build come from: one set of facts for annotations and provenance. */
export interface SourceFacts {
  /** Full hex object id of the commit. */
  readonly commit?: string;
  readonly branch?: string;
  /** Repository URL without credentials. */
  readonly repository?: string;
  /** Whether the work tree differed from the commit; absent where nobody looked. */
  readonly dirty?: boolean;
  readonly builder: BuilderFacts;
  /** What a person should know although it stops nothing; never signed. */
  readonly warnings?: readonly string[];
}

export interface BuilderFacts {
  /**
   * URI for `runDetails.builder.id`. It names what ran the build and never claims a hosted builder
   * that it is not.
   */
  readonly id: string;
  /** Which detector spoke. */
  readonly system: 'github-actions' | 'gitlab-ci' | 'jenkins' | 'git' | 'none';
  /** URL of this run, where the CI system gives one. */
  readonly invocation?: string;
  /** Who started it, as the CI system says. */
  readonly user?: string;
}

/** What was declared; a declared fact wins over a detected one. */
export interface SourceOverrides {
  readonly commit?: string;
  readonly branch?: string;
  readonly repository?: string;
  readonly builder?: string;
  /** Sign although the work tree differs from the commit; the fact is recorded. */
  readonly allowDirty?: boolean;
}
