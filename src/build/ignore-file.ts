import { access, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { SignedImageError } from '../error';
import { IgnoreFileError, IgnoreRules, readRules } from './ignore';

/**
 * The ignore files to read: docker's, or additionally those of podman and buildah. With an automatically
 * selected builder docker's are read.
 */
export type IgnoreConvention = 'docker' | 'containers';

/**
 * Returns the ignore file of a build: the Dockerfile's own, else the context's. If both kinds exist in
 * the context, podman and buildah prefer theirs; for the Dockerfile they prefer docker's.
 *
 * https://docs.docker.com/build/concepts/context/#filename-and-location
 * https://github.com/containers/buildah/blob/main/docs/buildah-build.1.md#files
 */
export async function ignoreFileOf(
  context: string,
  dockerfile: string,
  convention: IgnoreConvention = 'docker',
): Promise<string | undefined> {
  const own = [`${dockerfile}.dockerignore`];
  const shared = [join(context, '.dockerignore')];
  const paths =
    convention === 'docker'
      ? [...own, ...shared]
      : [...own, `${dockerfile}.containerignore`, join(context, '.containerignore'), ...shared];
  for (const path of paths) {
    if (await exists(path)) return path;
  }
  return undefined;
}

/** Returns an ignore file of podman and buildah that is not read, because the build follows docker's convention. */
export async function unusedIgnoreFile(
  context: string,
  dockerfile: string,
  convention: IgnoreConvention = 'docker',
): Promise<string | undefined> {
  if ((await ignoreFileOf(context, dockerfile, convention)) !== undefined) return undefined;
  return ignoreFileOf(context, dockerfile, 'containers');
}

/** Returns the ignore file of a named context if it exists. */
export async function contextIgnoreFile(folder: string): Promise<string | undefined> {
  const path = join(folder, '.dockerignore');
  return (await exists(path)) ? path : undefined;
}

/** Returns `<Dockerfile>.dockerignore` if it exists. */
export async function ownIgnoreFile(dockerfile: string): Promise<string | undefined> {
  const path = `${dockerfile}.dockerignore`;
  return (await exists(path)) ? path : undefined;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Reads the rules of an ignore file; no rules without a file. */
export async function readIgnoreRules(path: string | undefined): Promise<IgnoreRules> {
  if (path === undefined) return new IgnoreRules([]);
  const file = await readFile(path);
  return namingIgnoreFile(path, async () => new IgnoreRules(readRules(file)));
}

/**
 * Runs an action and adds the file name to its ignore file errors. Some errors occur only when a path is matched.
 *
 * @throws SignedImageError `BUILD_CONTEXT_INVALID` on `build.context` with file, line and pattern
 */
export async function namingIgnoreFile<Result>(
  path: string | undefined,
  action: () => Promise<Result>,
): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    if (path === undefined || !(error instanceof IgnoreFileError)) throw error;
    throw new SignedImageError({
      code: 'BUILD_CONTEXT_INVALID',
      property: 'build.context',
      message: `${basename(path)} ${error.message}; builders reject it, too`,
      cause: error,
    });
  }
}
