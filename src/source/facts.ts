/** Where the source and the build come from: one set of facts for annotations and provenance. */
export interface SourceFacts {
  /** Full hex object id of the commit. */
  readonly commit?: string;
  /** Name of the branch in `repository`; never that of a fork. */
  readonly branch?: string;
  /** Name of the tag that was built. */
  readonly tag?: string;
  /** The full ref where neither `branch` nor `tag` says it, such as `refs/pull/5/merge`. */
  readonly ref?: string;
  /** Repository URL without credentials. */
  readonly repository?: string;
  /** Of a pull or merge request from a fork: the fork, as the CI system names it. */
  readonly headRepository?: string;
  /** Whether the files differed from the commit; absent where this was not checked. */
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
  /** Which detector answered. */
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
  readonly tag?: string;
  readonly ref?: string;
  readonly repository?: string;
  readonly builder?: string;
  /** A folder of the work tree that is the source, relative to the program's folder. */
  readonly directory?: string;
  /** Sign although the work tree differs from the commit; the fact is recorded. */
  readonly allowDirty?: boolean;
}
