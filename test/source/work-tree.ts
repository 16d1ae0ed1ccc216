import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A git repository in a temporary folder, apart from the machine's own configuration. */
export class WorkTree {
  readonly folder = mkdtempSync(join(tmpdir(), 'signed-image-source-'));
  /** No variable of a CI system that may run these tests. */
  readonly env: NodeJS.ProcessEnv = {
    PATH: process.env['PATH'],
    HOME: this.folder,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: join(this.folder, '.git', 'no-config'),
    // The folder is below tmpdir: nothing above it may be taken for its repository.
    GIT_CEILING_DIRECTORIES: tmpdir(),
  };

  git(...args: readonly string[]): string {
    const identity = ['-c', 'user.name=T', '-c', 'user.email=t@example.com'];
    return execFileSync('git', [...identity, ...args], {
      cwd: this.folder,
      env: this.env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  }

  write(path: string, text: string): void {
    writeFileSync(join(this.folder, path), text);
  }

  /** Makes a repository with one commit on `main`. */
  committed(): string {
    this.git('init', '--quiet', '--initial-branch=main');
    this.write('a.txt', 'a');
    this.git('add', '.');
    this.git('commit', '--quiet', '-m', 'one');
    return this.git('rev-parse', 'HEAD');
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
