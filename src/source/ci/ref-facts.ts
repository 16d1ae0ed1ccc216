import { omitUndefined } from '../detected';
import { cleanRepositoryUrl } from '../repository-url';
import type { RefFacts } from './ci-system';

/** A pull or merge request, as a CI system reports it. */
export interface ReportedRequest {
  /** The full ref of the request on the server, if the server has one. */
  readonly ref?: string | undefined;
  /** Branch of the head repository. */
  readonly branch?: string | undefined;
  /** Whether the CI system reports that the head is in the repository of the run. */
  readonly isOwn: boolean;
  readonly headRepository?: string | undefined;
}

/**
 * Returns the facts of a request. A branch of the head is a branch of this repository only if the head is in it:
 * a fork may have a `main`, too.
 */
export function requestFacts({ ref, branch, isOwn, headRepository }: ReportedRequest): RefFacts {
  return omitUndefined({
    isRequest: true,
    branch: isOwn ? branch : undefined,
    ref,
    headRepository: isOwn ? undefined : headRepository,
  }) as RefFacts;
}

/** The facts where the variables do not show whether the run is for a request of a fork. */
export const UNKNOWN_REF: RefFacts = { isRequest: true };

/** Returns the branch or tag that a full ref names, else the ref. */
export function namedRef(ref: string | undefined): RefFacts {
  if (ref === undefined) return UNKNOWN_REF;
  const [, kind, name] = /^refs\/(heads|tags)\/(.+)$/.exec(ref) ?? [];
  if (kind === 'heads') return { branch: name };
  if (kind === 'tags') return { tag: name };
  return { isRequest: true, ref };
}

/** Returns the branch without `refs/heads/`. */
export function branchOf(name: string | undefined): string | undefined {
  return name?.replace(/^refs\/heads\//, '');
}

/** The ref of a pull request where the server has it (GitHub, Gitea and Forgejo). */
export function pullRef(
  id: string | undefined,
  kind: 'head' | 'merge' = 'head',
): string | undefined {
  return id !== undefined && /^\d+$/.test(id) ? `refs/pull/${id}/${kind}` : undefined;
}

/**
 * Whether two addresses are those of the same repository, by host and path: a request's head may be reported with
 * `git:` or `ssh:`, and with or without `.git`. Upper and lower case of the path count, as they do on some servers.
 */
export function isSameRepository(a: string | undefined, b: string | undefined): boolean {
  const key = hostAndPath(a);
  return key !== undefined && key === hostAndPath(b);
}

/** Returns `host/path`; `undefined` if the text is not the address of a repository. */
export function hostAndPath(text: string | undefined): string | undefined {
  const cleaned = text === undefined ? undefined : cleanRepositoryUrl(text);
  if (cleaned === undefined) return undefined;
  const [, host, path] =
    /^[a-z+]+:\/\/(?:[^@/]*@)?([^/]+)\/+(.+)$/.exec(cleaned) ??
    /^(?:[^@/]*@)?([^:/]+):\/*(.+)$/.exec(cleaned) ??
    [];
  if (host === undefined || path === undefined) return undefined;
  return `${host.toLowerCase()}/${path.replace(/\/+$/, '').replace(/\.git$/, '')}`;
}
