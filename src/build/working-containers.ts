import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { parseBoundedJson } from '../http/json-bounds';
import type { ContainersTool } from './containers-program';
import { probe } from './process';
import type { BuildSession } from './session';

/** Identifies the containers of one build: the unique name of its folder. */
const markOf = ({ folder }: BuildSession): string => basename(folder);

/** The variable of the mark: without a file, whose path can contain a comma, which separates the fields of the flag. */
const MARK_VARIABLE = 'SIGNED_IMAGE_BUILD_MARK';

/**
 * Returns flags that mark the working containers of a build: podman and buildah record the declared build secrets in
 * each of them, without their values. No step mounts this one. The names of the containers are those of their
 * images, which other builds use at the same time.
 */
export function containerMark(session: BuildSession): readonly string[] {
  return ['--secret', `id=${markOf(session)},env=${MARK_VARIABLE}`];
}

/** Returns the variable to which {@link containerMark} refers. */
export const markEnvironment: NodeJS.ProcessEnv = { [MARK_VARIABLE]: '1' };

/**
 * Removes working containers that a build left: podman does not remove them if it is ended during a step. In a
 * storage that is not on this machine (podman machine) they are not found.
 */
export async function removeWorkingContainers(
  session: BuildSession,
  tool: ContainersTool,
): Promise<void> {
  for (const id of await markedContainers(session, tool)) {
    await session.cleanUp({
      label: `${tool.program} ${tool.removeContainer.join(' ')}`,
      program: tool.program,
      args: [...tool.global, ...tool.removeContainer, id],
      property: 'build',
    });
  }
}

async function markedContainers(
  session: BuildSession,
  { program, global, storage }: ContainersTool,
): Promise<readonly string[]> {
  // The failure of the build is reported, and not that of this cleanup.
  const info = await probe(program, [...global, 'info', '--format', storage], session.env).catch(
    () => undefined,
  );
  const [, root, driver] = /^(.+) (\S+)$/.exec(info?.stdout.at(-1) ?? '') ?? [];
  if (info?.code !== 0 || root === undefined || driver === undefined) return [];
  const containers = join(root, `${driver}-containers`);
  const ids = await readdir(containers).catch((): string[] => []);
  const marked = await Promise.all(
    ids.map(async (id) => {
      const file = join(containers, id, 'userdata', 'buildah.json');
      return (await isMarked(file, markOf(session))) ? [id] : [];
    }),
  );
  return marked.flat();
}

/** https://github.com/containers/buildah/blob/v1.28.2/buildah.go (`Builder`, `CommonBuildOptions`) */
async function isMarked(file: string, mark: string): Promise<boolean> {
  try {
    const { CommonBuildOpts: options } = parseBoundedJson(await readFile(file)) as {
      readonly CommonBuildOpts?: { readonly Secrets?: readonly unknown[] | null };
    };
    return options?.Secrets?.some((secret) => String(secret).startsWith(`id=${mark},`)) ?? false;
  } catch {
    // Not a working container, or removed by now.
    return false;
  }
}
