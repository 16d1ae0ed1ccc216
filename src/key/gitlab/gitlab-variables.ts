import { SignedImageError } from '../../error';
import type { GitlabAnswer, GitlabApi } from './gitlab-api';

/** A project or a group, which store CI/CD variables in the same way. */
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
  { status, said: reason }: GitlabAnswer,
  { server }: GitlabApi,
  action: string,
  needed: string,
): SignedImageError {
  if (status === 401) {
    return new SignedImageError({
      code: 'KEY_FORBIDDEN',
      message: `GitLab at ${server} rejects the token of GITLAB_TOKEN (${reason}): it is expired, revoked, or of another server (GITLAB_HOST)`,
    });
  }
  if (status === 403) {
    return new SignedImageError({
      code: 'KEY_FORBIDDEN',
      message: `GitLab at ${server} does not allow to ${action} (${reason}); the token of GITLAB_TOKEN needs ${needed}`,
    });
  }
  return new SignedImageError({
    code: 'KEY_SERVICE_FAILED',
    message: `GitLab at ${server} refused to ${action} with HTTP ${status} (${reason})`,
  });
}

const TO_READ = 'the scope read_api and the role Maintainer (of a group: Owner)';
const TO_WRITE = 'the scope api and the role Maintainer (of a group: Owner)';

/**
 * Resolves a reference as cosign does: to a project, or else to a group.
 *
 * @throws SignedImageError `KEY_NOT_FOUND`, `KEY_FORBIDDEN`, `KEY_SERVICE_FAILED`
 */
export async function variableOwner(api: GitlabApi, id: string): Promise<VariableOwner> {
  for (const kind of ['project', 'group'] as const) {
    const owner: VariableOwner = { kind, id };
    const answer = await api.ask('GET', pathOf(owner));
    if (answer.status === 200) return owner;
    // Only a 404 means that it is not a project; after any other failure the group is not tried.
    if (answer.status !== 404) throw refusal(answer, api, `read ${nameOf(owner)}`, TO_READ);
  }
  throw new SignedImageError({
    code: 'KEY_NOT_FOUND',
    message:
      `GitLab at ${api.server} has no project or group ${id} that the token of GITLAB_TOKEN can read; ` +
      'check the path, GITLAB_HOST, and that the token belongs to a member (GitLab hides what the token cannot access)',
  });
}

/**
 * Reads the value of a variable; `undefined` if it does not exist.
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
    message: `GitLab does not return the value of the variable ${key} of ${nameOf(owner)}: a hidden variable is available only to jobs. Make it visible, or sign in a job with env://${key}`,
  });
}

/**
 * Creates a variable; an existing one is not changed.
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
    // As cosign creates them. GitLab cannot mask values of several lines.
    protected: false,
    masked: false,
    environment_scope: '*',
    // Without it, GitLab would expand a `$` in a password.
    raw: true,
  });
  if (answer.status === 201 || answer.status === 200) return;
  if (answer.status === 400 && answer.said.includes('already been taken')) {
    throw variableExists(owner, key);
  }
  throw refusal(answer, api, `create the variable ${key} in ${nameOf(owner)}`, TO_WRITE);
}

export function variableExists(owner: VariableOwner, key: string): SignedImageError {
  return new SignedImageError({
    code: 'KEY_EXISTS',
    message: `${nameOf(owner)} already has a variable ${key}, which is not overwritten; use another project, or delete the variable yourself if its key is no longer needed`,
  });
}

/** Deletes a variable of {@link createVariable}; returns whether it no longer exists. */
export async function deleteVariable(
  api: GitlabApi,
  owner: VariableOwner,
  key: string,
): Promise<boolean> {
  const { status } = await api.ask('DELETE', `${pathOf(owner)}/variables/${key}`);
  return status === 204 || status === 200 || status === 404;
}
