import { lstat, readdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';

/** Where podman and buildah write a build secret that they mount, one file for each. */
const SHARED_MEMORY = '/dev/shm';
const NAME = /^buildah\d+$/;

/**
 * Removes build secrets that podman or buildah left in memory: they remove them at the end of a step, and not if they
 * are ended during one. A file is ours if it has the content of one of the secrets; one that another
 * build has mounted can be removed, because the mount keeps it.
 */
export async function removeSecretLeftovers(
  secrets: readonly string[],
  folder: string = SHARED_MEMORY,
): Promise<void> {
  if (secrets.length === 0) return;
  const names = await readdir(folder).catch((): string[] => []);
  for (const name of names.filter((each) => NAME.test(each))) {
    const path = join(folder, name);
    // It may be another build's, and gone by now.
    await removeIfOurs(path, secrets).catch(() => undefined);
  }
}

async function removeIfOurs(path: string, secrets: readonly string[]): Promise<void> {
  const found = await lstat(path);
  if (!found.isFile() || found.uid !== process.getuid?.()) return;
  const contents = secrets.map((secret) => Buffer.from(secret));
  if (!contents.some(({ length }) => length === found.size)) return;
  const content = await readFile(path);
  if (contents.some((each) => each.equals(content))) await unlink(path);
}
