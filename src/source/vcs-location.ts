import { encodedPath, isUri } from './uri';

const SCP_LIKE = /^(?:([^@/]+)@)?(\[[^\]/]+\]|[^:/@[\]]{2,}):(.+)$/s;

/**
 * Formats the location of a repository at a revision in SPDX form, `git+https://host/path@revision`:
 * https://spdx.github.io/spdx-spec/v2.3/package-information/#77-package-download-location-field
 *
 * @param repository - A URL, or git's scp-like form, without credentials.
 * @param revision - A ref or a commit.
 * @returns `undefined` if the repository is not such an address
 */
export function vcsLocation(repository: string, revision?: string): string | undefined {
  const base = repository.includes('://') ? urlLocation(repository) : scpLocation(repository);
  if (base === undefined) return undefined;
  const suffix = revision === undefined ? '' : `@${encodedSegment(revision)}`;
  const location = base + suffix;
  return isUri(location) ? location : undefined;
}

function urlLocation(repository: string): string | undefined {
  const match = /^(?:git\+)?([a-z]+):\/\/([^/?#]+)([^?#]*)$/.exec(repository);
  if (!match) return undefined;
  const [, scheme, authority, path = ''] = match;
  return `git+${scheme}://${authority}${encodedSegment(path)}`;
}

/** `[user@]host:path`: the path is relative to the user's home, which on a Git hosting service is the root. */
function scpLocation(repository: string): string | undefined {
  const match = SCP_LIKE.exec(repository);
  if (!match) return undefined;
  const [, user, host = '', path = ''] = match;
  // `[host:port]` and `[IPv6]`.
  const bracketed = /^\[([^:\]]+:\d+)\]$/.exec(host)?.[1];
  const authority = `${user === undefined ? '' : `${user}@`}${bracketed ?? host}`;
  return `git+ssh://${authority}/${encodedSegment(path.replace(/^\/+/, ''))}`;
}

/** Escapes `@`, which would otherwise be read as the separator before the revision. */
function encodedSegment(text: string): string {
  return encodedPath(text).replaceAll('@', '%40');
}
