import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { FOLDER_PREFIX, removeAbandonedFolders, writeOwner } from './abandoned-folders';

/** A private folder for files that one build passes to its tools, including credentials. */
export interface SessionFolder {
  readonly path: string;
  /** Sets the running process group, which is terminated when this process ends; `undefined`: none. */
  guard(group: number | undefined): void;
  remove(): Promise<void>;
}

/**
 * Waits until its input ends, which happens when the process at the other end exits in any way. Then
 * it removes the credentials, and terminates the build.
 */
const GUARD = `
trap '' HUP INT TERM
group=
while read -r line; do group=$line; done
rm -rf "$1"
[ -n "$group" ] || exit 0
kill -TERM "-$group" 2>/dev/null || exit 0
sleep 5
kill -KILL "-$group" 2>/dev/null
rm -rf "$1"
`;

/** The guard cleans up after a killed process, because engines kill their plugins. Not supported on Windows. */
export async function createSessionFolder(): Promise<SessionFolder> {
  await (removal ??= removeAbandonedFolders());
  const path = await mkdtemp(join(resolve(tmpdir()), FOLDER_PREFIX));
  const guard = process.platform === 'win32' ? undefined : startGuard(path);
  const remove = async (): Promise<void> => {
    await rm(path, { recursive: true, force: true });
    guard?.(undefined);
  };
  try {
    await writeOwner(path);
  } catch (error) {
    await remove();
    throw error;
  }
  return { path, guard: (group) => guard?.(`${group ?? ''}\n`), remove };
}

/** Once in each process. */
let removal: Promise<void> | undefined;

/** Starts the guard in its own session, so that a signal to the group of this process does not kill it. */
function startGuard(path: string): (line: string | undefined) => void {
  const child = spawn('/bin/sh', ['-c', GUARD, 'signed-image-guard', path], {
    cwd: '/',
    env: { PATH: '/usr/bin:/bin' },
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  // Without a shell only this process removes the folder.
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  child.unref();
  (child.stdin as unknown as { unref?: () => void }).unref?.();
  return (line) => {
    if (line === undefined) child.stdin.end();
    else child.stdin.write(line);
  };
}
