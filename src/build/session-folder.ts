import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A private folder for what one build hands to its tools, some of it credentials. */
export interface SessionFolder {
  readonly path: string;
  /** The process group that works now: it ends with this process; `undefined`: none does. */
  guard(group: number | undefined): void;
  remove(): Promise<void>;
}

/**
 * Waits until its input ends, which it does when the process at the other end ends, however that
 * happens. Then it removes the credentials, and ends a build that would go on without its owner.
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

/** A killed process removes nothing itself, and engines kill their plugins; Windows has no guard. */
export async function createSessionFolder(): Promise<SessionFolder> {
  const path = await mkdtemp(join(tmpdir(), 'signed-image-build-'));
  const guard = process.platform === 'win32' ? undefined : startGuard(path);
  return {
    path,
    guard: (group) => guard?.(`${group ?? ''}\n`),
    remove: async () => {
      await rm(path, { recursive: true, force: true });
      guard?.(undefined);
    },
  };
}

/** Its own session, so that what kills the group of this process does not reach it. */
function startGuard(path: string): (line: string | undefined) => void {
  const child = spawn('/bin/sh', ['-c', GUARD, 'signed-image-guard', path], {
    cwd: '/',
    env: { PATH: '/usr/bin:/bin' },
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  // Without a shell the folder is removed by this process alone.
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  child.unref();
  (child.stdin as unknown as { unref?: () => void }).unref?.();
  return (line) => {
    if (line === undefined) child.stdin.end();
    else child.stdin.write(line);
  };
}
