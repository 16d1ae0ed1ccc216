import { randomUUID } from 'node:crypto';
import { appendFileSync, lstatSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { parseBoundedJson } from '../../http/json-bounds';
import { type ContentUses, createContentUses } from './read-cache';

/** Beginning of the names of the files, in the temporary folder; the engine and the process follow. */
const USES_PREFIX = 'signed-image-uses-';
const PLANNED_PREFIX = 'signed-image-planned-';
/** The process of another container may run although its number is not in use here. */
const MAX_ABANDONED_AGE_MS = 60 * 60 * 1000;

type Use = readonly [urn: string, repository: string, digests: readonly string[]];

/**
 * The content that the resources of this run depend on, of all processes of the run: the engine starts one process for
 * each provider, and one may delete what a resource of another has just reused. Each
 * process appends to a file of its own, before its call returns, and reads the files of the others when it deletes.
 * Without a usable temporary folder, only this process is covered.
 *
 * @param engine - Address of the engine, which all processes of a run share; `undefined`: there is no engine.
 * @param parent - Default: the temporary folder of this system.
 */
export function createRunUses(engine: string | undefined, parent: string = tmpdir()): ContentUses {
  return createRecords(USES_PREFIX, engine, parent);
}

/**
 * The manifests that the previews of this run would sign, by the resource that would do so, of all processes of the
 * run: another resource that verifies them cannot be verified before the update.
 */
export function createPlannedSignatures(
  engine: string | undefined,
  parent: string = tmpdir(),
): ContentUses {
  return createRecords(PLANNED_PREFIX, engine, parent);
}

function createRecords(prefix: string, engine: string | undefined, parent: string): ContentUses {
  const own = createContentUses();
  if (engine === undefined) return own;
  const ofRun = `${prefix}${engine.replaceAll(/[^\w.]/g, '_')}-`;
  const name = `${ofRun}${process.pid}-${randomUUID()}`;
  const file = join(parent, name);
  let isWritable = true;
  let isCreated = false;
  const append = (use: Use): void => {
    try {
      // A file with this name that is not of this process is refused, a link too.
      const flag = isCreated ? 'a' : 'ax';
      appendFileSync(file, `${JSON.stringify(use)}\n`, { mode: 0o600, flag });
    } catch {
      isWritable = false;
      return;
    }
    if (isCreated) return;
    isCreated = true;
    removeAbandoned(parent, prefix);
    process.once('exit', () => rmSync(file, { force: true }));
  };
  /** What the other processes recorded until now. */
  const others = (): ContentUses => {
    const uses = createContentUses();
    for (const each of namesIn(parent, prefix)) {
      if (!each.startsWith(ofRun) || each === name || !isRunning(each)) continue;
      // Processes may use the same URN: of a resource and of its replacement.
      for (const [urn, ...use] of usesIn(join(parent, each))) {
        uses.record(`${each} ${urn}`, ...use);
      }
    }
    return uses;
  };
  return {
    record: (...use) => {
      own.record(...use);
      if (isWritable) append(use);
    },
    userOf: (repository, digest) => {
      const user = own.userOf(repository, digest) ?? others().userOf(repository, digest);
      return user?.slice(user.indexOf(' ') + 1);
    },
    of: (repository) => [...own.of(repository), ...others().of(repository)],
  };
}

function namesIn(folder: string, prefix: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => name.startsWith(prefix));
  } catch {
    return [];
  }
}

/** Whether the process in the name of a file exists: a later engine may get the address of an earlier one. */
function isRunning(name: string): boolean {
  const [, pid] = /-(\d+)-[0-9a-f-]{36}$/.exec(name) ?? [];
  if (pid === undefined) return false;
  try {
    return process.kill(Number(pid), 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function isOwn(path: string): boolean {
  const found = lstatSync(path);
  return found.isFile() && found.uid === (process.getuid?.() ?? found.uid);
}

function usesIn(path: string): readonly Use[] {
  try {
    if (!isOwn(path)) return [];
    const lines = readFileSync(path, 'utf8').split('\n');
    // The other process may be writing its last line.
    return lines.slice(0, -1).map((line) => parseBoundedJson(line) as Use);
  } catch {
    // The process has ended in the meantime.
    return [];
  }
}

/** Removes the files of processes that were killed. */
function removeAbandoned(parent: string, prefix: string): void {
  for (const name of namesIn(parent, prefix)) {
    const path = join(parent, name);
    try {
      const isOld = Date.now() - lstatSync(path).mtimeMs > MAX_ABANDONED_AGE_MS;
      if (isOld && isOwn(path) && !isRunning(name)) rmSync(path);
    } catch {
      // Another process removed it.
    }
  }
}
