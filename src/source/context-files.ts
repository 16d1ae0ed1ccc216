import { type Dirent, existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';

import type { FilesRead, FolderRead } from './files-read';
import { byteOrder, bytePath } from './byte-path';

/**
 * Lists the files that a build reads and that are not in the commit, whether or not git ignores them. A folder
 * without files of the commit is listed as a whole.
 *
 * @param tracked - Absolute paths of all files in the commit, in latin1.
 * @param tops - Absolute paths of the top folders of its work trees, whose `.git` is skipped.
 * @returns Absolute paths in latin1; those of folders end with `/`.
 */
export async function filesOutsideCommit(
  reads: FilesRead,
  tracked: ReadonlySet<string>,
  tops: ReadonlySet<string>,
): Promise<readonly string[]> {
  // Missing files are reported by the validation of the build.
  const further = reads.further
    .filter((path) => existsSync(path))
    .map(bytePath)
    .filter((path) => !tracked.has(path));
  const found = new Set<string>();
  for (const read of [reads, ...(reads.others ?? [])]) {
    if (!existsSync(read.context)) continue;
    const walk = new ContextWalk(read, tracked, tops);
    for (const path of await walk.filesOutsideCommit(bytePath(read.context), '')) found.add(path);
  }
  return [...new Set([...found, ...further])];
}

class ContextWalk {
  /** Folders that contain a file of the commit. */
  private readonly trackedFolders: ReadonlySet<string>;

  constructor(
    private readonly reads: FolderRead,
    private readonly tracked: ReadonlySet<string>,
    private readonly tops: ReadonlySet<string>,
  ) {
    const folders = new Set<string>();
    for (const path of tracked) {
      for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
        const folder = path.slice(0, end);
        if (folders.has(folder)) break;
        folders.add(folder);
      }
    }
    this.trackedFolders = folders;
  }

  async filesOutsideCommit(folder: string, path: string): Promise<readonly string[]> {
    const found: string[] = [];
    for (const child of await this.children(folder, path)) {
      if (!child.isFolder) {
        if (child.isSent && !this.tracked.has(child.absolute)) found.push(child.absolute);
      } else if (!child.isEntered) {
        continue;
      } else if (this.trackedFolders.has(child.absolute)) {
        found.push(...(await this.filesOutsideCommit(child.absolute, child.path)));
      } else if (await this.sendsFile(child.absolute, child.path)) {
        found.push(`${child.absolute}/`);
      }
    }
    return found;
  }

  private async sendsFile(folder: string, path: string): Promise<boolean> {
    for (const child of await this.children(folder, path)) {
      if (!child.isFolder && child.isSent) return true;
      if (child.isEntered && (await this.sendsFile(child.absolute, child.path))) return true;
    }
    return false;
  }

  private async children(folder: string, path: string): Promise<readonly Child[]> {
    const entries = await readdir(Buffer.from(folder, 'latin1'), {
      encoding: 'buffer',
      withFileTypes: true,
    });
    return entries
      .filter((entry) => !entry.isSocket() && !this.isGitFolder(entry, folder))
      .map((entry) => this.child(entry, folder, path))
      .sort((a, b) => byteOrder(a.absolute, b.absolute));
  }

  private isGitFolder(entry: Dirent<Buffer>, folder: string): boolean {
    return entry.name.toString('latin1') === '.git' && this.tops.has(folder);
  }

  private child(entry: Dirent<Buffer>, folder: string, path: string): Child {
    const name = entry.name.toString('latin1');
    const relative = path === '' ? name : `${path}/${name}`;
    const isSent = this.reads.sends(relative);
    const isFolder = entry.isDirectory();
    return {
      absolute: `${folder}/${name}`,
      path: relative,
      isFolder,
      isSent,
      isEntered: isFolder && (isSent || this.reads.hasExceptions),
    };
  }
}

interface Child {
  readonly absolute: string;
  readonly path: string;
  readonly isFolder: boolean;
  readonly isSent: boolean;
  readonly isEntered: boolean;
}
