import { randomBytes } from 'node:crypto';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { mkdir, open, readdir, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';

import { SignedImageError } from '../error';
import { EXPORT_FILE } from './manifest';

/** Writes files below a folder; the paths use `/`. */
export interface FolderWriter {
  write(path: string, bytes: Buffer): Promise<void>;
  /** Writes a file in parts, by a callback that receives the function for one part. */
  writeParts(
    path: string,
    parts: (write: (part: Buffer) => Promise<void>) => Promise<void>,
  ): Promise<void>;
}

function invalid(message: string, cause?: unknown): SignedImageError {
  return new SignedImageError({ code: 'INPUT_INVALID', property: 'output', message, cause });
}

async function namesIn(folder: string): Promise<readonly string[] | undefined> {
  try {
    return await readdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw invalid(`the folder ${folder} cannot be used (${code ?? 'unknown reason'})`, error);
  }
}

/**
 * Checks that an export may be written to a folder. With `force`, an earlier export is replaced, and nothing else: a
 * mistyped path must not delete other files.
 *
 * @throws SignedImageError `INPUT_INVALID` on `output`
 */
export async function checkTarget(folder: string, force: boolean): Promise<void> {
  // The folder is replaced by another one: a shell in it would be left in a folder that no longer exists.
  const below = relative(folder, process.cwd());
  // On another drive of Windows, the relative path is absolute.
  if (!below.startsWith('..') && !isAbsolute(below))
    throw invalid(
      `the folder ${folder} is or contains the current folder, so it is not replaced: choose a folder in it`,
    );
  const names = await namesIn(folder);
  if (names === undefined || names.length === 0) return;
  if (!force)
    throw invalid(
      `the folder ${folder} is not empty: choose another one, or replace it with --force`,
    );
  if (!names.includes(EXPORT_FILE))
    throw invalid(`the folder ${folder} does not contain an earlier export, so it is not replaced`);
}

function writerOf(folder: string): FolderWriter {
  const pathOf = async (path: string): Promise<string> => {
    const file = join(folder, ...path.split('/'));
    await mkdir(dirname(file), { recursive: true });
    return file;
  };
  return {
    write: async (path, bytes) => writeFile(await pathOf(path), bytes, { flag: 'wx' }),
    async writeParts(path, parts) {
      const file = await open(await pathOf(path), 'wx');
      try {
        await parts(async (part) => {
          await file.writeFile(part);
        });
      } finally {
        await file.close();
      }
    },
  };
}

/**
 * Writes a folder as a whole: into a temporary folder beside it, which is renamed when it is complete. After a failure
 * the target is as before.
 *
 * @throws SignedImageError `INPUT_INVALID` on `output` if the folder cannot be written
 */
export async function writeFolder(
  target: string,
  force: boolean,
  fill: (writer: FolderWriter) => Promise<void>,
): Promise<void> {
  // The folder that a symbolic link names is replaced, and not the link.
  const folder = await realpath(target).catch(() => resolve(target));
  const suffix = randomBytes(6).toString('hex');
  const making = join(dirname(folder), `.${basename(folder)}.${suffix}.partial`);
  const former = join(dirname(folder), `.${basename(folder)}.${suffix}.former`);
  // Also if the process ends before, by a signal.
  const abandon = (): void => {
    if (existsSync(former) && !existsSync(folder)) renameSync(former, folder);
    rmSync(making, { recursive: true, force: true });
  };
  process.once('exit', abandon);
  try {
    await mkdir(dirname(folder), { recursive: true });
    await mkdir(making);
    await fill(writerOf(making));
    await checkTarget(folder, force);
    const exists = await stat(folder).then(
      () => true,
      () => false,
    );
    if (exists) await rename(folder, former);
    await rename(making, folder).catch(async (error: unknown) => {
      if (exists) await rename(former, folder);
      throw error;
    });
    await rm(former, { recursive: true, force: true });
  } catch (error) {
    if (error instanceof SignedImageError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const hint =
      code === 'EBUSY' ? '; a mount point cannot be replaced: choose a folder in it' : '';
    throw invalid(`the export cannot be written to ${target} (${code})${hint}`, error);
  } finally {
    process.off('exit', abandon);
    await rm(making, { recursive: true, force: true });
  }
}
