/** A file that a commit has. */
export interface CommitFile {
  /** Relative to the top folder, with `/`. In latin1, one character a byte: names need not be UTF-8. */
  readonly path: string;
  readonly kind: 'file' | 'executable' | 'link' | 'submodule';
  readonly id: string;
}
