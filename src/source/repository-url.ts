/** Schemes under which a repository can be found by somebody else. */
const SHARED = new Set(['http:', 'https:', 'ssh:', 'git:', 'git+ssh:', 'git+https:', 'git+http:']);

// git's own rule for the scp-like form: a colon before the first slash. A host of one letter is a
// Windows drive.
const SCP_LIKE = /^(?:([^@/\s]+)@)?([A-Za-z0-9][A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\]):(?!\/\/)(\S+)$/;

/**
 * A repository's address without any credential: no password, no user of an http address (there a
 * token may stand in its place), no query, no fragment. The scp-like form stays what it is.
 *
 * @returns `undefined` for what is no address that others could use: a local path, `file:`, a
 *   remote helper, or text that cannot be parsed (which is then not repeated anywhere).
 */
export function cleanRepositoryUrl(text: string): string | undefined {
  const trimmed = text.trim();
  if (/\s/.test(trimmed)) return undefined;
  return trimmed.includes('://') ? cleanUrl(trimmed) : cleanScpLike(trimmed);
}

function cleanUrl(text: string): string | undefined {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return undefined;
  }
  if (!SHARED.has(url.protocol) || url.host === '') return undefined;
  // Over ssh the user (`git`) is part of the address; a password never is.
  const user = url.protocol.includes('ssh') && url.username ? `${url.username}@` : '';
  return `${url.protocol}//${user}${url.host}${url.pathname}`;
}

function cleanScpLike(text: string): string | undefined {
  const match = SCP_LIKE.exec(text);
  if (!match) return undefined;
  const [, user, host, path = ''] = match;
  const bare = path.split(/[?#]/, 1)[0];
  return user && !user.includes(':') ? `${user}@${host}:${bare}` : `${host}:${bare}`;
}
