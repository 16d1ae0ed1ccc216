import { encodedPath } from './uri';

/** Schemes of URLs that are valid on other machines. */
const NETWORK_SCHEMES = new Set([
  'http:',
  'https:',
  'ssh:',
  'git:',
  'git+ssh:',
  'git+https:',
  'git+http:',
]);

/** The only ssh user that is kept: it is part of the address. Any other one may be personal or a token. */
const SSH_USER = 'git';

const HOST = '[A-Za-z0-9_][A-Za-z0-9._-]+';
// The scp-like form as git reads it: a colon before the first slash. A host of one letter is a Windows drive,
// and `helper::address` is a remote helper.
const SCP_LIKE = new RegExp(
  `^(?:([^@/\\s]+)@)?(${HOST}|\\[[0-9A-Fa-f:.]+\\]|\\[${HOST}:[0-9]+\\]):(?!:|//)([^\\p{Cc}]+)$`,
  'u',
);

/**
 * Removes credentials from a repository URL: password, user (except ssh's `git`, because other users may be
 * tokens), query and fragment. URLs are normalized to RFC 3986; the scp-like form is kept.
 *
 * @returns `undefined` for a local path, `file:`, a remote helper, or text that cannot be parsed (which may
 *   contain credentials and is not printed)
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
  if (!NETWORK_SCHEMES.has(url.protocol)) return undefined;
  const host = formatHost(url);
  if (host === undefined) return undefined;
  const isSsh = url.protocol.includes('ssh');
  const user = isSsh && url.username === SSH_USER ? `${SSH_USER}@` : '';
  return `${url.protocol}//${user}${host}${encodedPath(url.pathname)}`;
}

/** Returns the host in ASCII, which WHATWG URLs have only for http and https, and the port. */
function formatHost({ hostname, port }: URL): string | undefined {
  try {
    const ascii = new URL(`https://${decodeURIComponent(hostname)}/`);
    // Reject text that parses as more than a host (user, port or path).
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
  return `${user === SSH_USER ? `${user}@` : ''}${host}:${bare}`;
}
