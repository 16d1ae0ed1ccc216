import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A git repository in a temporary folder, apart from the machine's own configuration. */
export class WorkTree {
  readonly folder: string;
  /** No variable of a CI system that may run these tests. */
  readonly env: NodeJS.ProcessEnv;

  /** @param folder - Default: a new temporary folder, which `remove` removes. */
  constructor(folder = mkdtempSync(join(realpathSync(tmpdir()), 'signed-image-source-'))) {
    mkdirSync(folder, { recursive: true });
    this.folder = folder;
    this.env = {
      PATH: process.env['PATH'],
      HOME: folder,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: join(folder, '.git', 'no-config'),
      // The folder is below tmpdir: nothing above it may be taken for its repository.
      GIT_CEILING_DIRECTORIES: tmpdir(),
    };
  }

  git(...args: readonly string[]): string {
    const identity = ['user.name=T', 'user.email=t@example.com', 'protocol.file.allow=always'];
    return execFileSync('git', [...identity.flatMap((each) => ['-c', each]), ...args], {
      cwd: this.folder,
      env: this.env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  }

  /** Absolute path of a file of the work tree. */
  at(path: string): string {
    return join(this.folder, path);
  }

  write(path: string, text: string | Buffer): void {
    mkdirSync(dirname(this.at(path)), { recursive: true });
    writeFileSync(this.at(path), text);
  }

  /** Writes a program. */
  script(path: string, text: string): string {
    this.write(path, text);
    chmodSync(this.at(path), 0o755);
    return this.at(path);
  }

  /** Commits all files, and returns the commit. */
  commit(message = 'change'): string {
    this.git('add', '--all', '.');
    this.git('commit', '--quiet', '--allow-empty', '-m', message);
    return this.git('rev-parse', 'HEAD');
  }

  init(...args: readonly string[]): void {
    this.git('init', '--quiet', '--initial-branch=main', ...args);
  }

  /** Makes a repository with one commit on `main`. */
  committed(): string {
    this.init();
    this.write('a.txt', 'a');
    return this.commit('one');
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
