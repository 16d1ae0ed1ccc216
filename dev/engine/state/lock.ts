import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

const claim = async (path: string): Promise<boolean> => {
  try {
    const file = await open(path, 'wx', 0o600);
    await file.writeFile(String(process.pid));
    await file.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
};

/**
 * Locks the state against a second engine. Takes over the lock of a process that has ended.
 * @throws Error that names the process that holds the lock
 */
export const lockState = async (statePath: string): Promise<() => Promise<void>> => {
  const path = `${statePath}.lock`;
  await mkdir(dirname(path), { recursive: true });
  if (!(await claim(path))) {
    const holder = Number(await readFile(path, 'utf8').catch(() => ''));
    if (!Number.isInteger(holder) || holder <= 0 || isAlive(holder)) {
      throw new Error(
        `the stack is locked by another update (process ${holder || 'unknown'}); ` +
          `if none is running, remove ${path}`,
      );
    }
    await rm(path, { force: true });
    if (!(await claim(path)))
      throw new Error(`the stack was just locked by another update: ${path}`);
  }
  return () => rm(path, { force: true });
};
