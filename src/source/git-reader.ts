import type { CommitFile } from './commit-file';
import { filesOfCommit } from './commit-tree';
import { type GitRepository, namesAtHead, readRepository } from './git-repository';
import type { GitRunner } from './git-runner';
import { ScratchRepository } from './scratch-repository';
import type { SourceCache } from './source-cache';

/** A repository that has a commit. */
export type CommittedRepository = GitRepository & { readonly commit: string };

/** Reads repositories with git, and caches the results. */
export class GitReader {
  constructor(
    private readonly run: GitRunner,
    readonly cache: SourceCache,
  ) {}

  /** @throws SignedImageError `SOURCE_UNREADABLE` */
  repository(top: string): Promise<GitRepository> {
    return this.cache.repositories.run(top, () => readRepository(top, this.run));
  }

  /** @throws SignedImageError `SOURCE_UNREADABLE` */
  namesAtHead(repository: CommittedRepository): Promise<ReadonlySet<string>> {
    return namesAtHead(repository, this.run);
  }

  /** @throws SignedImageError `SOURCE_UNREADABLE` */
  files(repository: CommittedRepository): Promise<readonly CommitFile[]> {
    return this.cache.filesOf(repository.commit, () =>
      this.scratch(repository, (scratch) => filesOfCommit(repository, scratch)),
    );
  }

  scratch<T>(
    repository: GitRepository,
    work: (scratch: ScratchRepository) => Promise<T>,
  ): Promise<T> {
    return ScratchRepository.use(repository, this.run, work);
  }
}
