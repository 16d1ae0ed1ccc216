import { type ErrorCode, SignedImageError } from '../error';
import { parseBoundedJson } from '../http/json-bounds';
import type { Host } from '../host/host';

export interface JsonKind {
  /** For messages: "trusted root". */
  readonly name: string;
  /** Usual name of the file. */
  readonly file: string;
  readonly code: ErrorCode;
}

/**
 * Returns the JSON text of an input: the text itself (begins with `{`) or the content of the file at this path.
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
 * Parses the text into a JSON object.
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
      message: `the ${name} is not JSON; give the JSON text or the path of a ${file}`,
      cause: error,
    });
  }
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) {
    return json as Record<string, unknown>;
  }
  throw new SignedImageError({
    code,
    message: `the ${name} is not valid: it is not a JSON object`,
  });
}
