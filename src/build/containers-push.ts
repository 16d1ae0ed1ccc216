import { join } from 'node:path';

import type { RegistryFlags } from './containers-access';
import type { ContainersTool } from './containers-program';
import type { BuildSession } from './session';

/** The file of the session to which a push writes the digest. */
export const DIGEST_FILE = 'digest';

/** Docker's format for the index of several platforms. */
const INDEX_FORMAT = ['--format', 'v2s2'];

/** Returns a name that is unique to this build, because the store is shared by the whole machine. */
export function listName({ folder, tag }: BuildSession): string {
  return `localhost/${folder.split(/[/\\]/).at(-1)?.toLowerCase()}:${tag}`;
}

/** Creates a manifest list from the image ids: `build --manifest` writes the id of the list, not of the image. */
export async function createList(
  session: BuildSession,
  tool: ContainersTool,
  list: string,
  images: readonly string[],
): Promise<void> {
  const manifest = (...args: readonly string[]) =>
    session.run({
      label: `${tool.program} manifest ${args[0]}`,
      program: tool.program,
      args: [...tool.global, 'manifest', ...args],
      property: 'build.platforms',
    });
  await manifest('create', list);
  for (const image of images) {
    // Without the transport podman interprets an id as the name of an image on Docker Hub.
    await manifest('add', list, `containers-storage:${image.replace('sha256:', '')}`);
  }
}

/** Pushes an image or a list; the digest is in `DIGEST_FILE` of the session. */
export async function push(
  session: BuildSession,
  tool: ContainersTool,
  access: RegistryFlags,
  what: { readonly list: string } | { readonly image: string },
): Promise<void> {
  const subcommand = 'list' in what ? ['manifest', 'push', '--all'] : ['push'];
  await session.run({
    label: `${tool.program} ${subcommand.filter((word) => !word.startsWith('-')).join(' ')}`,
    program: tool.program,
    args: [
      ...tool.global,
      ...subcommand,
      ...('list' in what ? INDEX_FORMAT : []),
      ...access.push,
      '--digestfile',
      join(session.folder, DIGEST_FILE),
      'list' in what ? what.list : what.image,
      `docker://${session.target}`,
    ],
    property: 'image',
  });
}

/** Removes the images of a build, which have no names. */
export async function removeImages(
  session: BuildSession,
  tool: ContainersTool,
  list: string | undefined,
  images: readonly string[],
): Promise<void> {
  const tidy = (label: string, args: readonly string[]): Promise<void> =>
    session.cleanUp({
      label: `${tool.program} ${label}`,
      program: tool.program,
      args: [...tool.global, ...args],
      property: 'build',
    });
  if (list !== undefined) await tidy('manifest rm', ['manifest', 'rm', list]);
  // With a layer cache an image may have existed before.
  const cached = session.request.cacheFrom.length + session.request.cacheTo.length > 0;
  if (!cached && images.length > 0) await tidy('rmi', ['rmi', ...new Set(images)]);
}
