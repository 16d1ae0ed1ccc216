import { lstat, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';

import { parseBoundedJson } from '../http/json-bounds';

/** Beginning of the names of the folders of builds, in the temporary folder. */
export const FOLDER_PREFIX = 'signed-image-build-';

const OWNER_FILE = 'owner.json';
/** Without a usable owner, a folder without changes for this time is abandoned. */
const MAX_UNKNOWN_AGE_MS = 24 * 60 * 60 * 1000;

/** The process of a folder. A process id alone can be that of another process of a later boot or container. */
interface Owner {
  readonly pid: number;
  readonly host: string;
  /** Identifies the boot of the machine and the PID namespace; absent where the system has no `/proc`. */
  readonly namespace?: string | undefined;
  /** The start of the process, in ticks after the boot. */
  readonly start?: string | undefined;
}

/** Writes to the folder of a build that this process uses it. */
export async function writeOwner(folder: string): Promise<void> {
  const owner = await currentOwner();
  await writeFile(join(folder, OWNER_FILE), JSON.stringify(owner), { mode: 0o600 });
}

/**
 * Removes folders of builds whose process no longer exists: they can contain credentials, and stay if the machine
 * was switched off or the guard of the folder was killed, too. Folders of other users, and of processes that may be
 * running in another container or on another machine, are kept.
 *
 * @param parent - Default: the temporary folder of this system.
 */
export async function removeAbandonedFolders(parent: string = tmpdir()): Promise<void> {
  const names = await readdir(parent).catch((): string[] => []);
  const current = await currentOwner();
  for (const name of names.filter((each) => each.startsWith(FOLDER_PREFIX))) {
    const folder = join(parent, name);
    // Another process may remove the same folder.
    const isRemovable = await isAbandoned(folder, current).catch(() => false);
    if (isRemovable) await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}

async function isAbandoned(folder: string, current: Owner): Promise<boolean> {
  const found = await lstat(folder);
  if (!found.isDirectory() || found.uid !== (process.getuid?.() ?? found.uid)) return false;
  const isOld = Date.now() - found.mtimeMs > MAX_UNKNOWN_AGE_MS;
  const owner = await ownerOf(folder);
  if (owner === undefined || owner.host !== current.host) return isOld;
  // After a boot, or from another container with the same name.
  if (owner.namespace !== current.namespace) return isOld;
  return !(await isRunning(owner));
}

async function ownerOf(folder: string): Promise<Owner | undefined> {
  try {
    const owner = parseBoundedJson(await readFile(join(folder, OWNER_FILE))) as Partial<Owner>;
    if (!Number.isSafeInteger(owner.pid) || Number(owner.pid) <= 0) return undefined;
    return owner as Owner;
  } catch {
    return undefined;
  }
}

async function currentOwner(): Promise<Owner> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => undefined);
  const pids = await readlink('/proc/self/ns/pid').catch(() => undefined);
  return {
    pid: process.pid,
    host: hostname(),
    namespace: boot && pids ? `${boot.trim()} ${pids}` : undefined,
    start: await startOf(process.pid),
  };
}

async function isRunning({ pid, start }: Owner): Promise<boolean> {
  if (!exists(pid)) return false;
  const now = await startOf(pid);
  // Another process has got the number.
  return start === undefined || now === undefined || now === start;
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html (`starttime`); the name in parentheses can contain anything. */
async function startOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}
