/** Which files a build reads: they must be those of the commit. */
export interface FilesRead {
  /** Absolute path of the build context. */
  readonly context: string;
  /** Files beside the context: the Dockerfile and the ignore file. Absolute. */
  readonly further: readonly string[];
  /** Whether the build gets this path of the context: a relative byte path (see `bytePath`). */
  sends(path: string): boolean;
  /** Whether files below a folder that is not sent may be sent all the same. */
  readonly hasExceptions: boolean;
}
