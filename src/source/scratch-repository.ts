import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { firstLine, type GitRepository } from './git-repository';
import type { GitRunner } from './git-runner';
import { unreadable } from './unreadable';

const NULL_DEVICE = process.platform === 'win32' ? 'NUL' : '/dev/null';

export interface ScratchCommand {
  readonly args: readonly string[];
  readonly input?: Buffer;
  /** The work tree's own index instead of one that was made from the commit. */
  readonly ownIndex?: boolean;
  /** The work tree that the command is about. Default: an empty folder. */
  readonly workTree?: string;
  /** Whether the user's configuration counts (for `core.excludesFile`). Default: false. */
  readonly userConfig?: boolean;
}

/**
 * A temporary repository that has only the objects of the inspected one. Commands that read an index,
 * files, attributes or ignore rules run here: whatever the inspected repository configures (filters,
 * fsmonitor, hooks, `assume-unchanged`, line endings, excludes, ...), git does not read it.
 */
export class ScratchRepository {
  private constructor(
    readonly folder: string,
    private readonly repository: GitRepository,
    private readonly run: GitRunner,
  ) {}

  /** Runs `work`, and removes the temporary repository after that. */
  static async use<T>(
    repository: GitRepository,
    run: GitRunner,
    work: (scratch: ScratchRepository) => Promise<T>,
  ): Promise<T> {
    const folder = await mkdtemp(join(tmpdir(), 'signed-image-git-'));
    try {
      const scratch = new ScratchRepository(folder, repository, run);
      await scratch.create();
      return await work(scratch);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** An empty folder for files that git writes. */
  get emptyWorkTree(): string {
    return join(this.folder, 'work');
  }

  private async create(): Promise<void> {
    const { hash, commit, gitFolder } = this.repository;
    await Promise.all(
      ['refs', 'objects', 'info', 'work'].map((name) => mkdir(join(this.folder, name))),
    );
    const format =
      hash === 'sha1'
        ? '[core]\n\trepositoryformatversion = 0\n'
        : '[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectformat = sha256\n';
    await writeFile(join(this.folder, 'config'), `${format}[core]\n\tbare = false\n`);
    await writeFile(join(this.folder, 'HEAD'), `${commit ?? 'ref: refs/heads/none'}\n`);
    // A split index names a shared one beside it.
    const shared = (await readdir(gitFolder)).filter((name) => name.startsWith('sharedindex.'));
    await Promise.all(
      shared.map((name) => copyFile(join(gitFolder, name), join(this.folder, name))),
    );
  }

  /** @throws SignedImageError `SOURCE_UNREADABLE` where git fails */
  async git(command: ScratchCommand): Promise<Buffer> {
    const { top, gitFolder, commonFolder } = this.repository;
    const { args, input, ownIndex, workTree = this.emptyWorkTree, userConfig } = command;
    const output = await this.run({
      args: [...ISOLATED, ...args],
      cwd: workTree,
      ...(input && { input }),
      variables: {
        GIT_DIR: this.folder,
        GIT_WORK_TREE: workTree,
        GIT_INDEX_FILE: join(ownIndex ? gitFolder : this.folder, 'index'),
        GIT_OBJECT_DIRECTORY: join(commonFolder, 'objects'),
        ...(!userConfig && { GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: NULL_DEVICE }),
      },
    });
    if (output?.code === 0) return output.stdout;
    throw unreadable(top, output ? firstLine(output.stderr) : 'git is not installed');
  }
}

/** How git writes files for a commit where nobody has configured anything. */
const ISOLATED = [
  'core.attributesFile=',
  'core.autocrlf=false',
  'core.safecrlf=false',
  'core.quotePath=false',
  'core.ignoreCase=false',
  'core.sparseCheckout=false',
  'submodule.recurse=false',
].flatMap((setting) => ['-c', setting]);
