import { type ErrorCode, SignedImageError } from '../error';
import { parseBoundedJson } from '../http/json-bounds';
import type { Host } from '../host/host';

export interface JsonKind {
  /** In words: "trusted root". */
  readonly name: string;
  /** Usual name of the file. */
  readonly file: string;
  readonly code: ErrorCode;
}

/**
 * The JSON text of a declared file: the text itself (begins with `{`) or its path.
 *
 * @throws SignedImageError of the kind's code
 */
export async function readJsonSource(
  source: string,
  { name, file, code }: JsonKind,
  { readFile }: Pick<Host, 'readFile'>,
): Promise<string> {
  if (source.trimStart().startsWith('{')) return source;
  try {
    return await readFile(source);
  } catch (error) {
    const { code: reason = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new SignedImageError({
      code,
      message: `the ${name} file ${source} cannot be read (${reason}); give the path of a ${file} or its JSON text`,
      cause: error,
    });
  }
}

/**
 * Parses the text of such a file into a JSON object.
 *
 * @throws SignedImageError of the kind's code
 */
export function parseJsonSource(
  text: string,
  { name, file, code }: JsonKind,
): Readonly<Record<string, unknown>> {
  let json: unknown;
  try {
    json = parseBoundedJson(text);
  } catch (error) {
    throw new SignedImageError({
      code,
      message: `the ${name} is no JSON; give the JSON text or the path of a ${file}`,
      cause: error,
    });
  }
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) {
    return json as Record<string, unknown>;
  }
  throw new SignedImageError({ code, message: `the ${name} is not usable: it is no JSON object` });
}
