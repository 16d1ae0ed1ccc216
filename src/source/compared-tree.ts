/** One difference between a work tree and its commit. */
export interface Change {
  /** Relative to the top folder, with `/`; a folder ends with one. */
  readonly path: string;
  /**
   * `changed`: other content, mode or kind, or missing. `untracked`: not in the commit. `hidden`: not in the
   * commit, ignored by git, and yet sent to the builder.
   */
  readonly kind: 'changed' | 'untracked' | 'hidden';
  /** Whether only the line endings differ; looked at for the first few changes. */
  readonly isLineEndings?: boolean;
}

/** What was found in one work tree and its submodules. */
export interface ComparedTree {
  /** Absolute byte paths of everything that the commits have. */
  readonly tracked: readonly string[];
  /** Absolute byte paths of what a sparse checkout leaves out. */
  readonly absent: readonly string[];
  /** Absolute byte paths of the top folders. */
  readonly tops: readonly string[];
  readonly changes: readonly Change[];
}
