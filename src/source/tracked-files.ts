import { access } from 'node:fs/promises';
import { join } from 'node:path';

import { bytePath } from './byte-path';
import type { CommitFile } from './commit-tree';
import type { FileHashes } from './file-hashes';
import type { FilesRead } from './files-read';
import type { GitRepository } from './git-repository';
import type { ScratchRepository } from './scratch-repository';

/** How many files are read at once. */
const PARALLEL = 16;

export interface TrackedFilesOptions {
  readonly repository: GitRepository;
  readonly reads: FilesRead | undefined;
  readonly hashes: FileHashes;
}

/** The files of a commit beside those of its work tree. */
export class TrackedFiles {
  private readonly otherContent = new Set<CommitFile>();
  private readonly folders = new Map<string, Promise<boolean>>();
  private readonly top: string;

  /** @param absent - Paths that a sparse checkout leaves out. */
  constructor(
    private readonly options: TrackedFilesOptions,
    private readonly files: readonly CommitFile[],
    private readonly absent: ReadonlySet<string>,
  ) {
    this.top = bytePath(options.repository.top);
  }

  /** A byte path. */
  absolute({ path }: CommitFile): string {
    return `${this.top === '/' ? '' : this.top}/${path}`;
  }

  paths(): readonly string[] {
    return this.files.filter(({ kind }) => kind !== 'submodule').map((file) => this.absolute(file));
  }

  /** Whether a file differs in its content alone. Known once `different` has returned. */
  hasOtherContent(file: CommitFile): boolean {
    return this.otherContent.has(file);
  }

  /** The files (without submodules) that are missing or differ in kind, mode or content. */
  async different(): Promise<readonly CommitFile[]> {
    const files = this.files.filter(({ kind }) => kind !== 'submodule');
    const isDifferent = new Array<boolean>(files.length);
    let next = 0;
    const work = async (): Promise<void> => {
      for (let at = next++; at < files.length; at = next++) {
        const file = files[at];
        if (file) isDifferent[at] = await this.isDifferent(file);
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, work));
    return files.filter((_, index) => isDifferent[index]);
  }

  private async isDifferent(file: CommitFile): Promise<boolean> {
    const { hashes, repository } = this.options;
    const path = this.absolute(file);
    const isThere = await this.isInFolder(file.path);
    const found = isThere ? await hashes.of(path, repository.hash) : undefined;
    if (found === undefined || found.kind === 'missing') {
      return !this.absent.has(file.path) || this.isRead(path);
    }
    if (!isSameKind(found.kind, file.kind)) return true;
    if (found.id === file.id) return false;
    if (file.kind !== 'link') this.otherContent.add(file);
    return true;
  }

  /** Whether the folders on the way are folders: a link to one with the same files is another tree. */
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
    const { hashes, repository } = this.options;
    const folder = this.absolute({ path, kind: 'file', id: '' });
    return (await hashes.of(folder, repository.hash)).kind === 'folder';
  }

  private isRead(path: string): boolean {
    const { reads } = this.options;
    if (reads === undefined) return false;
    if (reads.further.map(bytePath).includes(path)) return true;
    const folder = `${bytePath(reads.context).replace(/\/$/, '')}/`;
    return path.startsWith(folder) && reads.sends(path.slice(folder.length));
  }
}

function isSameKind(found: string, expected: CommitFile['kind']): boolean {
  if (process.platform === 'win32' && expected === 'executable') return found === 'file';
  return found === expected;
}

/** What a sparse checkout leaves out, as the work tree's own index says: paths in the commit. */
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
