import { readFile } from 'node:fs/promises';

import { searchedFiles } from './auth-file';

/**
 * The credential helpers that the configuration of docker, podman or buildah names. A file that
 * cannot be read names none: whoever needs it reports what is wrong with it.
 */
export async function configuredHelpers(env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const found = await Promise.all(searchedFiles(env).map(helpersIn));
  return [...new Set(found.flat())];
}

async function helpersIn(path: string): Promise<readonly string[]> {
  let config: unknown;
  try {
    config = JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return [];
  }
  const { credsStore, credHelpers } = (config ?? {}) as Readonly<Record<string, unknown>>;
  const perHost =
    typeof credHelpers === 'object' && credHelpers !== null ? Object.values(credHelpers) : [];
  return [credsStore, ...perHost].filter((name): name is string => typeof name === 'string');
}
