import { access } from 'node:fs/promises';
import { join } from 'node:path';

import { bytePath } from './byte-path';
import type { CommitFile } from './commit-file';
import type { FileHashes } from './file-hashes';
import type { GitRepository } from './git-repository';
import type { ScratchRepository } from './scratch-repository';

/** Number of files that are read concurrently. */
const PARALLEL = 16;

/** Compares the files of a commit with those of its work tree. */
export class TrackedFiles {
  private readonly folders = new Map<string, Promise<boolean>>();
  private readonly top: string;
  private readonly files: readonly CommitFile[];

  constructor(
    private readonly repository: GitRepository,
    all: readonly CommitFile[],
    private readonly hashes: FileHashes,
  ) {
    this.top = bytePath(repository.top);
    this.files = all.filter(({ kind }) => kind !== 'submodule');
  }

  /** Returns the absolute byte path of a file. */
  absolute({ path }: CommitFile): string {
    return `${this.top === '/' ? '' : this.top}/${path}`;
  }

  paths(): readonly string[] {
    return this.files.map((file) => this.absolute(file));
  }

  /**
   * Returns the files (without submodules) that are missing, those that differ in kind or mode, and those that
   * differ in content only.
   */
  async compare(): Promise<{
    readonly different: readonly CommitFile[];
    readonly differentContent: readonly CommitFile[];
    readonly missing: readonly CommitFile[];
  }> {
    const found = new Array<Difference>(this.files.length);
    let next = 0;
    const work = async (): Promise<void> => {
      for (let at = next++; at < this.files.length; at = next++) {
        const file = this.files[at];
        if (file) found[at] = await this.differenceOf(file);
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, work));
    const only = (kind: Difference) => this.files.filter((_, index) => found[index] === kind);
    return {
      different: only('different'),
      differentContent: only('content'),
      missing: only('missing'),
    };
  }

  private async differenceOf(file: CommitFile): Promise<Difference> {
    if (!(await this.isInFolder(file.path))) return 'missing';
    const found = await this.hashes.of(this.absolute(file), this.repository.hash);
    if (found.kind === 'missing') return 'missing';
    if (!isSameKind(found.kind, file.kind)) return 'different';
    return found.id === file.id ? 'none' : 'content';
  }

  /** Whether all parents are folders: a symbolic link to a folder with the same files is a different tree. */
  private isInFolder(path: string): Promise<boolean> {
    const end = path.lastIndexOf('/');
    if (end < 0) return Promise.resolve(true);
    const folder = path.slice(0, end);
    const known = this.folders.get(folder) ?? this.isFolder(folder);
    this.folders.set(folder, known);
    return known;
  }

  private async isFolder(path: string): Promise<boolean> {
    if (!(await this.isInFolder(path))) return false;
    const folder = this.absolute({ path, kind: 'file', id: '' });
    return (await this.hashes.of(folder, this.repository.hash)).kind === 'folder';
  }
}

/** `missing` also if a parent folder is a symbolic link. */
type Difference = 'none' | 'content' | 'different' | 'missing';

function isSameKind(found: string, expected: CommitFile['kind']): boolean {
  if (process.platform === 'win32' && expected === 'executable') return found === 'file';
  return found === expected;
}

/** Returns the paths that a sparse checkout omits, according to the work tree's own index. */
export async function absentFiles(
  { gitFolder }: GitRepository,
  scratch: ScratchRepository,
): Promise<ReadonlySet<string>> {
  const hasIndex = await access(join(gitFolder, 'index')).then(
    () => true,
    () => false,
  );
  if (!hasIndex) return new Set();
  const output = await scratch.inspect(['ls-files', '-t', '-z']);
  // `S`: skip-worktree.
  const fields = output.toString('latin1').split('\0');
  return new Set(fields.filter((field) => field.startsWith('S ')).map((field) => field.slice(2)));
}
