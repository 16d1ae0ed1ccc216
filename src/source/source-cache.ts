import type { CommitFile } from './commit-file';
import { FileHashes } from './file-hashes';
import type { GitRepository } from './git-repository';
import { SharedWork } from './shared-work';
import type { ComparedTree } from './compared-tree';

/** How many commits: those of a program and its submodules. */
const MAX_COMMITS = 16;

/** What the images of one process share. */
export class SourceCache {
  readonly hashes = new FileHashes();
  readonly repositories = new SharedWork<GitRepository>();
  readonly trees = new SharedWork<ComparedTree>();
  private readonly commits = new Map<string, readonly CommitFile[]>();

  /** The files of a commit, which its id decides. */
  async filesOf(
    commit: string,
    read: () => Promise<readonly CommitFile[]>,
  ): Promise<readonly CommitFile[]> {
    const files = this.commits.get(commit) ?? (await read());
    // The one that was used last is the last to go.
    this.commits.delete(commit);
    this.commits.set(commit, files);
    const [oldest] = this.commits.keys();
    if (this.commits.size > MAX_COMMITS && oldest !== undefined) this.commits.delete(oldest);
    return files;
  }
}
