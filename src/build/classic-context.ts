import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';

import type { BuildRequest } from './builder';
import { contextContents } from './context-hash';
import { readRules } from './ignore';
import { ignoreFileOf } from './ignore-file';

/**
 * Returns why the classic docker builder would not send a file that is part of the content hash. The
 * docker CLI does not enter an ignored folder unless the text of an exception begins with its path:
 * with `sub` ignored, and all Markdown files below it included, it enters `sub` and not `sub/deep`.
 * BuildKit enters both.
 *
 * https://github.com/moby/moby/blob/v28.2.2/pkg/archive/archive.go (`TarWithOptions`)
 */
export async function unsentByClassicDocker({
  context,
  dockerfile,
  ignoreFiles: convention,
}: Pick<BuildRequest, 'context' | 'dockerfile' | 'ignoreFiles'>): Promise<string | undefined> {
  const file = await ignoreFileOf(context, dockerfile, convention);
  if (file === undefined) return undefined;
  const exceptions = readRules(await readFile(file)).filter(({ isException }) => isException);
  if (exceptions.length === 0) return undefined;
  const { entries } = await contextContents({
    context,
    dockerfile,
    ...(convention !== undefined && { convention }),
  });
  const sent = new Set(entries.map(({ path }) => path));
  const isEntered = (folder: string): boolean =>
    sent.has(folder) || exceptions.some(({ pattern }) => `${pattern}/`.startsWith(`${folder}/`));
  const unsent = entries.find(({ path }) => !foldersOf(path).every(isEntered));
  return unsent === undefined
    ? undefined
    : `the classic docker builder does not send ${unsent.path}, which ${basename(file)} includes ` +
        'below an ignored folder: name its folder in the exception';
}

/** Returns `a` and `a/b` for `a/b/c`. */
function foldersOf(path: string): readonly string[] {
  const names = path.split('/');
  return names.slice(1).map((_, index) => names.slice(0, index + 1).join('/'));
}
