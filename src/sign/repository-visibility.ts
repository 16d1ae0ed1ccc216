import { parseBoundedJson } from '../http/json-bounds';
import type { SigningHost } from './signing-host';

/** Who may see the repository that is built from, as the CI system or the token says. */
export type Visibility = 'public' | 'private' | 'unknown';

type Claims = Readonly<Record<string, unknown>>;

/** `internal`: everybody in the organization, which is not everybody. */
function visibilityOf(word: unknown): Visibility | undefined {
  if (word === 'public') return 'public';
  return word === 'private' || word === 'internal' ? 'private' : undefined;
}

/** https://docs.github.com/en/webhooks/webhook-events-and-payloads: `repository` is in all of them. */
async function fromEvent(path: string, { readFile }: SigningHost): Promise<Visibility | undefined> {
  try {
    const event = parseBoundedJson(await readFile(path)) as {
      readonly repository?: unknown;
    } | null;
    const { visibility, private: isPrivate } = (event?.repository ?? {}) as Claims;
    if (typeof isPrivate === 'boolean' && isPrivate) return 'private';
    return visibilityOf(visibility) ?? (isPrivate === false ? 'public' : undefined);
  } catch {
    // No file or no JSON: then it says nothing.
    return undefined;
  }
}

async function fromGithub(host: SigningHost): Promise<Visibility | undefined> {
  const { env } = host;
  if (env['GITHUB_ACTIONS'] !== 'true') return undefined;
  const named = visibilityOf(env['GITHUB_REPOSITORY_VISIBILITY']);
  const path = env['GITHUB_EVENT_PATH'];
  return named ?? (path === undefined ? undefined : fromEvent(path, host));
}

/** https://docs.gitlab.com/ci/variables/predefined_variables/ */
function fromGitlab({ env }: SigningHost): Visibility | undefined {
  return env['GITLAB_CI'] === 'true' ? visibilityOf(env['CI_PROJECT_VISIBILITY']) : undefined;
}

/**
 * Whether the repository is public. What the token says comes first: it is what a certificate would
 * publish.
 *
 * @param claims of the identity token: GitHub's `repository_visibility`, GitLab's `project_visibility`
 */
export async function repositoryVisibility(
  host: SigningHost,
  claims: Claims = {},
): Promise<Visibility> {
  return (
    visibilityOf(claims['repository_visibility']) ??
    visibilityOf(claims['project_visibility']) ??
    (await fromGithub(host)) ??
    fromGitlab(host) ??
    'unknown'
  );
}
