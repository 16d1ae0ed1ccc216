import { selfReportedId } from '../builder-id';
import { type Env, omitUndefined, textOf } from '../detected';
import type { CiSystem, RefFacts } from './ci-system';
import { withClaims } from './github-claims';
import { parsePullRequest } from './github-event';

/** https://docs.github.com/actions/reference/variables-reference#default-environment-variables */
export const githubActions: CiSystem = {
  name: 'github-actions',
  documentation: 'https://docs.github.com/actions/reference/variables-reference',
  knowsRequests: true,
  detect: (variables, { event, claims }) => {
    if (variables['GITHUB_ACTIONS'] !== 'true') return undefined;
    const env = withClaims(variables, claims);
    const server = textOf(env, 'GITHUB_SERVER_URL') ?? 'https://github.com';
    const slug = textOf(env, 'GITHUB_REPOSITORY');
    const repository = slug && `${server}/${slug}`;
    const run = textOf(env, 'GITHUB_RUN_ID');
    const attempt = textOf(env, 'GITHUB_RUN_ATTEMPT');
    // `github-hosted` or `self-hosted`, as reported by the runner; other values are ignored.
    const environment = /^(?:github|self)-hosted$/.exec(env['RUNNER_ENVIRONMENT'] ?? '')?.[0];
    return omitUndefined({
      commit: textOf(env, 'GITHUB_SHA'),
      ...githubRef(env, slug, event),
      repository,
      builder: omitUndefined({
        id: selfReportedId('github-actions', server, environment),
        system: 'github-actions' as const,
        invocation:
          repository &&
          run &&
          `${repository}/actions/runs/${run}${attempt ? `/attempts/${attempt}` : ''}`,
        user: textOf(env, 'GITHUB_ACTOR'),
      }),
    });
  },
};

/** Returns the facts of the ref; Gitea and Forgejo set the same variables and have the same events. */
export function githubRef(env: Env, slug: string | undefined, event: unknown): RefFacts {
  return isRequest(env) ? requestFacts(env, slug, event) : refFacts(env);
}

function refFacts(env: Env): RefFacts {
  const name = textOf(env, 'GITHUB_REF_NAME');
  const ref = fullRef(env);
  const isTag = env['GITHUB_REF_TYPE'] === 'tag' || ref?.startsWith('refs/tags/') === true;
  const named = name ?? ref?.replace(/^refs\/(?:heads|tags)\//, '');
  return omitUndefined({ ref, ...(isTag ? { tag: named } : { branch: named }) });
}

function fullRef(env: Env): string | undefined {
  const ref = textOf(env, 'GITHUB_REF');
  return ref?.startsWith('refs/') ? ref : undefined;
}

function isRequest(env: Env): boolean {
  if (textOf(env, 'GITHUB_HEAD_REF') !== undefined) return true;
  return (
    env['GITHUB_EVENT_NAME']?.startsWith('pull_request') === true ||
    env['GITHUB_REF']?.startsWith('refs/pull/') === true
  );
}

/**
 * `GITHUB_HEAD_REF` is a branch of the head repository, which may be an untrusted fork. It is used only if the
 * head of the event is in this repository, and never with `pull_request_target`, which runs for a commit of the
 * base.
 */
function requestFacts(env: Env, slug: string | undefined, event: unknown): RefFacts {
  const head = parsePullRequest(event);
  const isOwn = head !== undefined && slug !== undefined && head.slug === slug;
  const isTarget = env['GITHUB_EVENT_NAME'] === 'pull_request_target';
  return omitUndefined({
    isRequest: true,
    branch: isOwn && !isTarget ? textOf(env, 'GITHUB_HEAD_REF') : undefined,
    ref: fullRef(env),
    headRepository: isOwn ? undefined : head?.url,
  });
}
