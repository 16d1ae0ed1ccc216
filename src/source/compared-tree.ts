/** One difference between a work tree and its commit. */
export interface Change {
  /** Relative to the top folder, with `/`; a folder ends with one. */
  readonly path: string;
  /**
   * `changed`: other content, mode or kind, or missing. `untracked`: not in the commit. `hidden`: not in the
   * commit, ignored by git, and yet sent to the builder.
   */
  readonly kind: 'changed' | 'untracked' | 'hidden';
  /** Whether only the line endings differ; determined for the first few changes only. */
  readonly isLineEndings?: boolean;
}

/** The result of comparing a work tree and its submodules with their commits. */
export interface ComparedTree {
  /** Absolute byte paths of all files in the commits. */
  readonly tracked: readonly string[];
  /** Absolute byte paths of files that a sparse checkout omits. */
  readonly absent: readonly string[];
  /** Absolute byte paths of the top folders. */
  readonly tops: readonly string[];
  readonly changes: readonly Change[];
}
