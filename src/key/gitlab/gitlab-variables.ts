import { SignedImageError } from '../../error';
import type { GitlabAnswer, GitlabApi } from './gitlab-api';

/** A project or a group, which keep CI/CD variables in the same way. */
export interface VariableOwner {
  readonly kind: 'project' | 'group';
  /** Path or number. */
  readonly id: string;
}

type Json = Readonly<Record<string, unknown>>;

function nameOf({ kind, id }: VariableOwner): string {
  return `the GitLab ${kind} ${id}`;
}

function pathOf({ kind, id }: VariableOwner): string {
  return `/${kind}s/${encodeURIComponent(id)}`;
}

function refusal(
  { status, said }: GitlabAnswer,
  { server }: GitlabApi,
  asked: string,
  needed: string,
): SignedImageError {
  if (status === 401) {
    return new SignedImageError({
      code: 'KEY_FORBIDDEN',
      message: `GitLab at ${server} does not take the token of GITLAB_TOKEN (${said}): it is expired, revoked, or of another server (GITLAB_HOST)`,
    });
  }
  if (status === 403) {
    return new SignedImageError({
      code: 'KEY_FORBIDDEN',
      message: `GitLab at ${server} does not allow to ${asked} (${said}); the token of GITLAB_TOKEN needs ${needed}`,
    });
  }
  return new SignedImageError({
    code: 'KEY_SERVICE_FAILED',
    message: `GitLab at ${server} refused to ${asked} with HTTP ${status} (${said})`,
  });
}

const TO_READ = 'the scope read_api and the role Maintainer (of a group: Owner)';
const TO_WRITE = 'the scope api and the role Maintainer (of a group: Owner)';

/**
 * Says what a reference names, as cosign does: a project, or else a group.
 *
 * @throws SignedImageError `KEY_NOT_FOUND`, `KEY_FORBIDDEN`, `KEY_SERVICE_FAILED`
 */
export async function variableOwner(api: GitlabApi, id: string): Promise<VariableOwner> {
  for (const kind of ['project', 'group'] as const) {
    const owner: VariableOwner = { kind, id };
    const answer = await api.ask('GET', pathOf(owner));
    if (answer.status === 200) return owner;
    // An answer to "is it a project" that is neither yes nor no is no reason to ask for a group.
    if (answer.status !== 404) throw refusal(answer, api, `look at ${nameOf(owner)}`, TO_READ);
  }
  throw new SignedImageError({
    code: 'KEY_NOT_FOUND',
    message:
      `GitLab at ${api.server} shows no project and no group ${id} to the token of GITLAB_TOKEN; ` +
      'check the path, GITLAB_HOST, and that the token is of a member (GitLab hides what one may not see)',
  });
}

/**
 * The value of a variable, `undefined` where there is none of this name.
 *
 * @throws SignedImageError `KEY_UNREADABLE` (hidden, or several of this name), `KEY_FORBIDDEN`,
 *   `KEY_SERVICE_FAILED`
 */
export async function readVariable(
  api: GitlabApi,
  owner: VariableOwner,
  key: string,
): Promise<string | undefined> {
  const answer = await api.ask('GET', `${pathOf(owner)}/variables/${key}`);
  if (answer.status === 404) return undefined;
  if (answer.status === 409) {
    throw new SignedImageError({
      code: 'KEY_UNREADABLE',
      message: `${nameOf(owner)} has several variables ${key}, for different environments; keep one, with the scope * (All)`,
    });
  }
  if (answer.status !== 200) {
    throw refusal(answer, api, `read the variable ${key} of ${nameOf(owner)}`, TO_READ);
  }
  const value = (answer.body as Json | undefined)?.['value'];
  if (typeof value === 'string') return value;
  throw new SignedImageError({
    code: 'KEY_UNREADABLE',
    message: `GitLab does not tell the value of the variable ${key} of ${nameOf(owner)}: a hidden variable reaches jobs only. Make it visible, or sign in a job with env://${key}`,
  });
}

/**
 * Makes a variable, and changes none that exists.
 *
 * @throws SignedImageError `KEY_EXISTS`, `KEY_FORBIDDEN`, `KEY_SERVICE_FAILED`
 */
export async function createVariable(
  api: GitlabApi,
  owner: VariableOwner,
  key: string,
  value: string,
): Promise<void> {
  const answer = await api.ask('POST', `${pathOf(owner)}/variables`, {
    key,
    value,
    variable_type: 'env_var',
    // As cosign makes them. GitLab cannot mask what has several lines.
    protected: false,
    masked: false,
    environment_scope: '*',
    // A `$` in a password is a `$`.
    raw: true,
  });
  if (answer.status === 201 || answer.status === 200) return;
  if (answer.status === 400 && answer.said.includes('already been taken')) {
    throw variableExists(owner, key);
  }
  throw refusal(answer, api, `make the variable ${key} in ${nameOf(owner)}`, TO_WRITE);
}

export function variableExists(owner: VariableOwner, key: string): SignedImageError {
  return new SignedImageError({
    code: 'KEY_EXISTS',
    message: `${nameOf(owner)} has a variable ${key} already, and it is not overwritten; use another project, or delete it yourself when nobody needs its key any more`,
  });
}

/** Takes back what {@link createVariable} made; says whether it is gone. */
export async function deleteVariable(
  api: GitlabApi,
  owner: VariableOwner,
  key: string,
): Promise<boolean> {
  const { status } = await api.ask('DELETE', `${pathOf(owner)}/variables/${key}`);
  return status === 204 || status === 200 || status === 404;
}
