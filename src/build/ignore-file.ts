import { access, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { SignedImageError } from '../error';
import { IgnoreFileError, IgnoreRules, readRules } from './ignore';

/**
 * Which ignore files count: docker's, or those that podman and buildah know beside them. A build
 * whose builder is chosen by what the machine has goes by docker's.
 */
export type IgnoreConvention = 'docker' | 'containers';

/**
 * The ignore file that a build obeys: the Dockerfile's own, else the context's. Of two kinds in one
 * place podman and buildah prefer theirs, except beside the Dockerfile.
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

/** An ignore file of podman and buildah that does not count, because the build goes by docker's convention. */
export async function unusedIgnoreFile(
  context: string,
  dockerfile: string,
  convention: IgnoreConvention = 'docker',
): Promise<string | undefined> {
  if ((await ignoreFileOf(context, dockerfile, convention)) !== undefined) return undefined;
  return ignoreFileOf(context, dockerfile, 'containers');
}

/** `<Dockerfile>.dockerignore`, where there is one. */
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

/** The rules of an ignore file; without one, none. */
export async function readIgnoreRules(path: string | undefined): Promise<IgnoreRules> {
  if (path === undefined) return new IgnoreRules([]);
  const file = await readFile(path);
  return namingIgnoreFile(path, async () => new IgnoreRules(readRules(file)));
}

/**
 * Runs what may find a mistake in an ignore file: some are found only when a path is compared.
 *
 * @throws SignedImageError `BUILD_CONTEXT_INVALID` on `build.context`: file, line and pattern
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
      message: `${basename(path)} ${error.message}; builders refuse it too`,
      cause: error,
    });
  }
}
