import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { BuildRequest } from './builder';
import { textOfBytes, trimEndOf } from './byte-text';
import { contextContents } from './context-hash';
import { ignoreFileOf } from './ignore-file';

/**
 * Returns the ignore file for podman and buildah. They interpret patterns differently from docker: `(`, `+` and
 * `|` are operators, an exception with wildcards has no effect below an ignored folder, and a byte order mark is
 * kept. If this may matter, they get a list of the paths that the content hash omits, so that they send exactly
 * the hashed files. Without an ignore file of the build's convention they get an empty list, because they would
 * otherwise read a `.containerignore`.
 *
 * @param folder - Folder for the list.
 */
export async function containersIgnoreFile(
  request: Pick<BuildRequest, 'context' | 'dockerfile' | 'ignoreFiles'>,
  folder: string,
): Promise<string> {
  const { context, dockerfile, ignoreFiles: convention } = request;
  const file = await ignoreFileOf(context, dockerfile, convention);
  if (file !== undefined && isPortable(textOfBytes(await readFile(file)))) return file;
  const { ignored } = await contextContents({
    context,
    dockerfile,
    ...(convention !== undefined && { convention }),
  });
  const list = join(folder, 'ignore');
  await writeFile(list, ignored.map(({ path }) => `${literalPattern(path)}\n`).join(''));
  return list;
}

/** A name, with `*` and `?`, or `**`. */
const SEGMENT = /^(?:\*\*|(?!.*\*\*)[\w@,~%:=*?-][\w.@,~%:=*?-]*|\.[\w-][\w.*?-]*)$/;

/** Whether docker, podman and buildah interpret every line equally; without exceptions the order of lines is irrelevant. */
function isPortable(text: string): boolean {
  return text.split('\n').every((line) => {
    if (line.startsWith('#') || line.trim() === '') return !line.startsWith('\uFEFF');
    const path = trimEndOf(line, ' \t\r').replace(/^\/|\/$/g, '');
    return path.split('/').every((segment) => SEGMENT.test(segment));
  });
}

/** Returns a pattern that matches the path; `?` replaces characters that a line cannot contain. */
function literalPattern(path: string): string {
  return Array.from(path, (character) => {
    const rune = character.codePointAt(0) ?? 0;
    if (rune < 0x20 || rune === 0x7f || (rune >= 0xd800 && rune <= 0xdfff)) return '?';
    // A space at the end would be trimmed, even after a backslash.
    if (character === ' ') return '[ ]';
    return rune >= 0x80 || /[\w/.-]/.test(character) ? character : `\\${character}`;
  }).join('');
}
