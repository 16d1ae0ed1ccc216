import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { BuildRequest } from './builder';
import { textOfBytes, trimEndOf } from './byte-text';
import { contextContents } from './context-hash';
import { ignoreFileOf } from './ignore-file';

/**
 * The ignore file to name to podman and buildah. They read patterns in another way than docker
 * does: `(`, `+` and `|` mean something to them, an exception with wildcards is lost below an ignored
 * folder, and a byte order mark stays. Where that may matter they get a list of the paths that the content hash
 * leaves out, so that what they send is what was hashed. Without any ignore file of the build's convention they
 * get an empty list, because they would look for a `.containerignore` themselves.
 *
 * @param folder - Where such a list may be written.
 */
export async function containersIgnoreFile(
  request: Pick<BuildRequest, 'context' | 'dockerfile' | 'ignoreFiles'>,
  folder: string,
): Promise<string> {
  const { context, dockerfile, ignoreFiles: convention } = request;
  const file = await ignoreFileOf(context, dockerfile, convention);
  if (file !== undefined && isReadAlike(textOfBytes(await readFile(file)))) return file;
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

/** Whether both read every line alike; without exceptions the order of lines does not count. */
function isReadAlike(text: string): boolean {
  return text.split('\n').every((line) => {
    if (line.startsWith('#') || line.trim() === '') return !line.startsWith('\uFEFF');
    const path = trimEndOf(line, ' \t\r').replace(/^\/|\/$/g, '');
    return path.split('/').every((segment) => SEGMENT.test(segment));
  });
}

/** A pattern that matches this path; `?` stands for what a line cannot hold. */
function literalPattern(path: string): string {
  return Array.from(path, (character) => {
    const rune = character.codePointAt(0) ?? 0;
    if (rune < 0x20 || rune === 0x7f || (rune >= 0xd800 && rune <= 0xdfff)) return '?';
    // A space at the end would be trimmed, also behind a backslash.
    if (character === ' ') return '[ ]';
    return rune >= 0x80 || /[\w/.-]/.test(character) ? character : `\\${character}`;
  }).join('');
}
