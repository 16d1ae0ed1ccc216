import { createHash } from 'node:crypto';
import { realpath, symlink } from 'node:fs/promises';
import { join } from 'node:path';

import type { BuildRequest } from './builder';

/**
 * Returns the request with real paths: buildx reads the Dockerfile in its folder by name, and does not follow a
 * symbolic link out of it.
 */
export async function withRealPaths(request: BuildRequest): Promise<BuildRequest> {
  const real = (path: string): Promise<string> => realpath(path).catch(() => path);
  return {
    ...request,
    context: await real(request.context),
    dockerfile: await real(request.dockerfile),
  };
}

/** Printable ASCII. */
const HEADER_VALUE = /^[\x20-\x7e]*$/;

/**
 * Returns a path of the context for buildx. Its name becomes the value of a gRPC header, which may only contain
 * ASCII; for another name it is a link in the folder of the build.
 */
export async function headerSafeContext(context: string, folder: string): Promise<string> {
  if (HEADER_VALUE.test(context)) return context;
  // Of the path, because BuildKit keeps the files that were sent by this name.
  const name = createHash('sha256').update(context).digest('hex').slice(0, 16);
  const link = join(folder, `context-${name}`);
  await symlink(context, link, 'dir');
  return link;
}
