import type { CommitFile } from './commit-file';
import type { ComparedTree } from './compared-tree';
import { FileHashes } from './file-hashes';
import type { GitRepository } from './git-repository';

/** Enough for the commits of a program and its submodules. */
const MAX_COMMITS = 16;

/** Results that all images of one process share. */
export class SourceCache {
  readonly hashes = new FileHashes();
  readonly repositories = new SharedWork<GitRepository>();
  readonly trees = new SharedWork<ComparedTree>();
  private readonly commits = new Map<string, readonly CommitFile[]>();

  /** Returns the files of a commit, which is immutable. */
  async filesOf(
    commit: string,
    read: () => Promise<readonly CommitFile[]>,
  ): Promise<readonly CommitFile[]> {
    const files = this.commits.get(commit) ?? (await read());
    // Moves the entry to the end: the least recently used commit is evicted first.
    this.commits.delete(commit);
    this.commits.set(commit, files);
    const [oldest] = this.commits.keys();
    if (this.commits.size > MAX_COMMITS && oldest !== undefined) this.commits.delete(oldest);
    return files;
  }
}

/**
 * Shares the result of work between concurrent callers, such as many images of one program. A caller shares only
 * work that starts after its call: work that started before may have read a file that has changed since.
 */
export class SharedWork<Result> {
  private readonly running = new Map<string, Promise<Result>>();
  private readonly waiting = new Map<string, Promise<Result>>();

  run(key: string, work: () => Promise<Result>): Promise<Result> {
    const waiting = this.waiting.get(key);
    if (waiting) return waiting;
    const begin = (): Promise<Result> => {
      this.waiting.delete(key);
      this.running.set(key, next);
      return work();
    };
    const next: Promise<Result> = Promise.resolve(this.running.get(key)).then(begin, begin);
    this.waiting.set(key, next);
    const end = (): void => {
      if (this.running.get(key) === next) this.running.delete(key);
    };
    next.then(end, end);
    return next;
  }
}
