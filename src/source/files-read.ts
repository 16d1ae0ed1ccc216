/** The files that a build reads, which must be equal to those of the commit. */
export interface FilesRead extends FolderRead {
  /** Absolute paths of further files: the Dockerfile and the ignore file. */
  readonly further: readonly string[];
  /** Named contexts. */
  readonly others?: readonly FolderRead[];
}

/** A folder that a build reads. */
export interface FolderRead {
  /** Absolute path of the build context. */
  readonly context: string;
  /** Whether this path of the context is sent to the builder: a relative byte path (see `bytePath`). */
  sends(path: string): boolean;
  /** Whether files below a folder that is not sent may be sent. */
  readonly hasExceptions: boolean;
}
