import type { BuildRequest } from './builder';
import { excerpt, hasRawBytes } from './byte-text';
import { contextContents, namedContextContents } from './context-hash';

/**
 * Returns a path in the contexts of a build that is not UTF-8, for messages; `undefined`: all are. A context that cannot
 * be read is reported when it is hashed.
 */
export async function firstRawName({
  context,
  dockerfile,
  ignoreFiles: convention,
  contexts = {},
}: Pick<BuildRequest, 'context' | 'dockerfile' | 'ignoreFiles' | 'contexts'>): Promise<
  string | undefined
> {
  const folders = Object.values(contexts).flatMap((each) =>
    each.kind === 'folder' ? [each.path] : [],
  );
  const paths = { context, dockerfile, ...(convention !== undefined && { convention }) };
  const contents = [contextContents(paths), ...folders.map(namedContextContents)];
  for (const reading of await Promise.allSettled(contents)) {
    if (reading.status === 'rejected') continue;
    const found = reading.value.entries.find(({ path }) => hasRawBytes(path));
    if (found !== undefined) return excerpt(escaped(found.path));
  }
  return undefined;
}

/** Writes bytes that are not UTF-8 (`textOfBytes`) as `\xHH`: a message cannot contain them. */
function escaped(path: string): string {
  return path.replace(
    /[\udc80-\udcff]/g,
    (byte) => `\\x${(byte.charCodeAt(0) & 0xff).toString(16)}`,
  );
}
