import { SignedImageError } from '../error';
import type { AuthFilePlace } from './auth-file-places';
import { parseBoundedJson } from '../http/json-bounds';
import { systemErrorCode } from '../http/system-error';

/** The logins in one file. */
export interface AuthFile extends AuthFilePlace {
  /** Registry, namespace or repository to what a login left for it. */
  readonly auths: Readonly<Record<string, unknown>>;
  /** Registry to the name of its credential helper. */
  readonly credHelpers: Readonly<Record<string, string>>;
  /** The credential helper for all other registries. */
  readonly credsStore: string | undefined;
  /** All that the file holds. */
  readonly content: Readonly<Record<string, unknown>>;
}

/** The text of a file; `undefined` when there is none. Other failures throw. */
export type FileReader = (path: string) => Promise<string | undefined>;

/** More is not a file of logins, and would only take time to read. */
const MAX_AUTH_FILE_CHARACTERS = 4 * 1024 * 1024;

/**
 * Reads a file of logins; `undefined` when there is none.
 *
 * @throws SignedImageError `CREDENTIALS_UNREADABLE`; it never quotes the file
 */
export async function readAuthFile(
  read: FileReader,
  place: AuthFilePlace,
): Promise<AuthFile | undefined> {
  const { path, format } = place;
  let text: string | undefined;
  try {
    text = await read(path);
  } catch (error) {
    throw unreadable(path, `cannot be read (${systemErrorCode(error) || 'unknown reason'})`, error);
  }
  if (text === undefined || text.trim() === '') return undefined;
  if (text.length > MAX_AUTH_FILE_CHARACTERS)
    throw unreadable(path, `has more than ${MAX_AUTH_FILE_CHARACTERS} characters`);
  const content = parseRecord(text);
  if (!content) throw unreadable(path, 'is not a JSON object');
  const { auths, credHelpers, credsStore } = content;
  return {
    path,
    format,
    content,
    auths: format === 'dockercfg' ? content : isRecord(auths) ? auths : {},
    credHelpers: isRecord(credHelpers) ? names(credHelpers) : {},
    credsStore: typeof credsStore === 'string' && credsStore !== '' ? credsStore : undefined,
  };
}

export function unreadable(path: string, what: string, cause?: unknown): SignedImageError {
  return new SignedImageError({
    code: 'CREDENTIALS_UNREADABLE',
    property: 'registry',
    message: `${path} ${what}; repair or remove the file, or set registry.username and registry.password`,
    cause,
  });
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An empty name switches a helper off. */
function names(record: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(record).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
  );
}

function parseRecord(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const content = parseBoundedJson(text);
    return isRecord(content) ? content : undefined;
  } catch {
    // The parser's message quotes the text, which holds credentials: it is not kept as the cause.
    return undefined;
  }
}
