/** A file in a commit. */
export interface CommitFile {
  /** Byte path relative to the top folder: latin1, one character per byte, because names need not be UTF-8. */
  readonly path: string;
  readonly kind: 'file' | 'executable' | 'link' | 'submodule';
  readonly id: string;
}
