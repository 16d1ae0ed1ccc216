import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';

import type { CommitFile } from './commit-file';
import { firstLine, type GitRepository } from './git-repository';
import type { GitRunner } from './git-runner';
import { unreadable } from './unreadable';

const NULL_DEVICE = process.platform === 'win32' ? 'NUL' : '/dev/null';

export interface ScratchCommand {
  readonly args: readonly string[];
  readonly input?: Buffer;
  /** The work tree of the command. Default: an empty folder. */
  readonly workTree?: string;
  /** Whether the user's configuration is read (for `core.excludesFile`). Default: false. */
  readonly userConfig?: boolean;
}

/** The object store and index that git reads. */
interface Sources {
  readonly objects: string;
  readonly index: string;
}

/**
 * A temporary repository. Commands that read an index, files, attributes or ignore rules run here, so that git
 * does not read the configuration of the inspected repository (filters, fsmonitor, hooks, `assume-unchanged`,
 * line endings, excludes, ...). It has its own index and objects, because git does not verify the hashes of
 * objects that it reads from the inspected repository.
 */
export class ScratchRepository {
  private constructor(
    readonly folder: string,
    private readonly repository: GitRepository,
    private readonly run: GitRunner,
  ) {}

  /** Runs `work` with a temporary repository, which is removed afterwards. */
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
    // A split index refers to a shared index in the same folder.
    const shared = (await readdir(gitFolder)).filter((name) => name.startsWith('sharedindex.'));
    await Promise.all(
      shared.map((name) => copyFile(join(gitFolder, name), join(this.folder, name))),
    );
  }

  /** Creates the index. */
  async storeIndex(files: readonly CommitFile[]): Promise<void> {
    const entries = files.map(({ kind, id, path }) => `${MODES[kind]} ${id}\t${path}\0`);
    const input = Buffer.from(entries.join(''), 'latin1');
    await this.git({ args: ['update-index', '--add', '-z', '--index-info'], input });
  }

  /** Stores a blob whose id was verified as a loose object. */
  async storeBlob(id: string, content: Buffer): Promise<void> {
    const folder = join(this.folder, 'objects', id.slice(0, 2));
    await mkdir(folder, { recursive: true });
    const bytes = Buffer.concat([Buffer.from(`blob ${content.length}\0`), content]);
    await writeFile(join(folder, id.slice(2)), deflateSync(bytes, { level: 1 }));
  }

  /** Runs a command on the stored index and objects. @throws SignedImageError as `inspect` */
  git(command: ScratchCommand): Promise<Buffer> {
    const { folder } = this;
    return this.output(command, { objects: join(folder, 'objects'), index: join(folder, 'index') });
  }

  /**
   * Runs a command on objects and index of the inspected repository. The hashes of objects in its output are
   * not verified.
   *
   * @throws SignedImageError `SOURCE_UNREADABLE` if git fails
   */
  inspect(args: readonly string[], input?: Buffer): Promise<Buffer> {
    const { gitFolder, commonFolder } = this.repository;
    const sources = { objects: join(commonFolder, 'objects'), index: join(gitFolder, 'index') };
    return this.output({ args, ...(input && { input }) }, sources);
  }

  private async output(command: ScratchCommand, { objects, index }: Sources): Promise<Buffer> {
    const { args, input, workTree = this.emptyWorkTree, userConfig } = command;
    const output = await this.run({
      args: [...DEFAULT_SETTINGS, ...args],
      cwd: workTree,
      ...(input && { input }),
      variables: {
        GIT_DIR: this.folder,
        GIT_WORK_TREE: workTree,
        GIT_INDEX_FILE: index,
        GIT_OBJECT_DIRECTORY: objects,
        ...(!userConfig && this.noConfig()),
      },
    });
    if (output?.code === 0) return output.stdout;
    const reason = output ? firstLine(output.stderr) : 'git is not installed';
    throw unreadable(this.repository.top, reason);
  }

  /** Before version 2.32 git does not support `GIT_CONFIG_GLOBAL`, and reads the user's files in HOME. */
  private noConfig(): Readonly<Record<string, string>> {
    const home = join(this.folder, 'info');
    return {
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: NULL_DEVICE,
      HOME: home,
      XDG_CONFIG_HOME: home,
    };
  }
}

const MODES: Readonly<Record<CommitFile['kind'], string>> = {
  file: '100644',
  executable: '100755',
  link: '120000',
  submodule: '160000',
};

/** Git's default settings for writing files of a commit. */
const DEFAULT_SETTINGS = [
  'core.attributesFile=',
  'core.autocrlf=false',
  'core.safecrlf=false',
  'core.quotePath=false',
  'core.ignoreCase=false',
  'core.sparseCheckout=false',
  'core.commitGraph=false',
  'submodule.recurse=false',
].flatMap((setting) => ['-c', setting]);
