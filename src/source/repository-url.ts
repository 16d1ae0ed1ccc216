import { encodedPath } from './uri';

/** Schemes under which a repository can be found by somebody else. */
const SHARED = new Set(['http:', 'https:', 'ssh:', 'git:', 'git+ssh:', 'git+https:', 'git+http:']);

/** Over ssh this user is part of the address, and the same for all. Any other one is a person's or a token. */
const SHARED_USER = 'git';

const HOST = '[A-Za-z0-9_][A-Za-z0-9._-]+';
// The scp-like form as git reads it: a colon before the first slash. A host of one letter is a Windows drive,
// and `helper::address` is a remote helper.
const SCP_LIKE = new RegExp(
  `^(?:([^@/\\s]+)@)?(${HOST}|\\[[0-9A-Fa-f:.]+\\]|\\[${HOST}:[0-9]+\\]):(?!:|//)([^\\p{Cc}]+)$`,
  'u',
);

/**
 * A repository's address without any credential: no password, no user but ssh's `git` (a token may stand in
 * its place), no query, no fragment. A URL is one as RFC 3986 defines it; the scp-like form stays what it is.
 *
 * @returns `undefined` for what is not an address that others could use: a local path, `file:`, a
 *   remote helper, or text that cannot be parsed (which is then not repeated anywhere).
 */
export function cleanRepositoryUrl(text: string): string | undefined {
  const trimmed = text.trim();
  if (/\p{Cc}/u.test(trimmed)) return undefined;
  return trimmed.includes('://') ? cleanUrl(trimmed) : cleanScpLike(trimmed);
}

function cleanUrl(text: string): string | undefined {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return undefined;
  }
  if (!SHARED.has(url.protocol)) return undefined;
  const host = hostOf(url);
  if (host === undefined) return undefined;
  const isSsh = url.protocol.includes('ssh');
  const user = isSsh && url.username === SHARED_USER ? `${SHARED_USER}@` : '';
  return `${url.protocol}//${user}${host}${encodedPath(url.pathname)}`;
}

/** The host in ASCII, which WHATWG URLs have for http and https only, and the port. */
function hostOf({ hostname, port }: URL): string | undefined {
  try {
    const ascii = new URL(`https://${decodeURIComponent(hostname)}/`);
    // What is more than a host would have become a user, port or path.
    if (ascii.href !== `https://${ascii.hostname}/`) return undefined;
    if (!/^(?:[a-z0-9_][a-z0-9._-]*|\[[0-9a-f:.]+\])$/.test(ascii.hostname)) return undefined;
    return port === '' ? ascii.hostname : `${ascii.hostname}:${port}`;
  } catch {
    return undefined;
  }
}

function cleanScpLike(text: string): string | undefined {
  const match = SCP_LIKE.exec(text);
  if (!match) return undefined;
  const [, user, host = '', path = ''] = match;
  const bare = path.split(/[?#]/, 1)[0] ?? '';
  if (bare === '') return undefined;
  return `${user === SHARED_USER ? `${user}@` : ''}${host}:${bare}`;
}
