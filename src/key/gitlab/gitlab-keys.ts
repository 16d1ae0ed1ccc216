import { SignedImageError, asSignedImageError } from '../../error';
import type { KeyHost, KeySource, StoredKey } from '../backend';
import { createCosignPair } from '../generation/cosign-pair';
import { type GitlabApi, gitlabApi } from './gitlab-api';
import { gitlabServer } from './gitlab-server';
import {
  type VariableOwner,
  createVariable,
  deleteVariable,
  readVariable,
  variableExists,
  variableOwner,
} from './gitlab-variables';

const GITLAB_PREFIX = 'gitlab://';
const GITLAB_EXAMPLE = 'gitlab://GROUP/PROJECT';

/** The variable names that cosign uses. */
const PRIVATE = 'COSIGN_PRIVATE_KEY';
const PASSWORD = 'COSIGN_PASSWORD';
const PUBLIC = 'COSIGN_PUBLIC_KEY';

function apiOf(host: KeyHost): GitlabApi {
  return gitlabApi(gitlabServer(host), host);
}

async function requiredVariable(
  api: GitlabApi,
  owner: VariableOwner,
  key: string,
): Promise<string> {
  const value = await readVariable(api, owner, key);
  if (value !== undefined && value.trim() !== '') return value;
  throw new SignedImageError({
    code: 'KEY_NOT_FOUND',
    message:
      `the GitLab ${owner.kind} ${owner.id} has ${value === undefined ? 'no variable' : 'an empty variable'} ${key}; ` +
      `generate a key there with \`npx signed-image keys generate ${GITLAB_PREFIX}${owner.id}\``,
  });
}

function gitlabKey(id: string): StoredKey {
  return {
    kind: 'stored',
    description: `GitLab's variables of ${id}`,
    remote: true,
    readPrivateKey: async (host) => {
      const api = apiOf(host);
      const owner = await variableOwner(api, id);
      const pem = await requiredVariable(api, owner, PRIVATE);
      return { pem, password: await readVariable(api, owner, PASSWORD) };
    },
    readPublicKey: async (host) => {
      const api = apiOf(host);
      return requiredVariable(api, await variableOwner(api, id), PUBLIC);
    },
  };
}

/** Creates all variables or none. */
async function createAll(
  api: GitlabApi,
  owner: VariableOwner,
  variables: readonly (readonly [key: string, value: string])[],
): Promise<void> {
  for (const [key] of variables) {
    if ((await readVariable(api, owner, key)) !== undefined) throw variableExists(owner, key);
  }
  try {
    for (const [key, value] of variables) await createVariable(api, owner, key, value);
  } catch (error) {
    const remaining: string[] = [];
    for (const variable of variables.toReversed()) {
      if (!(await removeCreated(api, owner, variable))) remaining.push(variable[0]);
    }
    throw withRemaining(error, owner, remaining);
  }
}

/** Checks the value first: a request without a response may have failed, and other values are not ours to delete. */
async function removeCreated(
  api: GitlabApi,
  owner: VariableOwner,
  [key, value]: readonly [key: string, value: string],
): Promise<boolean> {
  try {
    if ((await readVariable(api, owner, key)) !== value) return true;
    return await deleteVariable(api, owner, key);
  } catch {
    return false;
  }
}

function withRemaining(
  error: unknown,
  { kind, id }: VariableOwner,
  remaining: readonly string[],
): SignedImageError {
  const known = asSignedImageError(error, {
    code: 'KEY_SERVICE_FAILED',
    message: 'the variables could not be created',
  });
  if (remaining.length === 0) return known;
  return new SignedImageError({
    code: known.code,
    message: `${known.message}. These variables of the new key may remain in the GitLab ${kind} ${id}: ${remaining.join(', ')}; check, and delete them`,
    cause: known.cause,
  });
}

/** `gitlab://`: the CI/CD variables of a project or a group. */
export const gitlabKeys: KeySource = {
  prefixes: [GITLAB_PREFIX],
  example: GITLAB_EXAMPLE,
  parse: (ref) => gitlabKey(parseGitlabReference(ref)),
  generate: async (ref, { password = '' }, host) => {
    const id = parseGitlabReference(ref);
    const api = apiOf(host);
    const owner = await variableOwner(api, id);
    const { privateKey, publicKey } = await createCosignPair(password);
    await createAll(api, owner, [
      [PASSWORD, password],
      [PRIVATE, privateKey],
      [PUBLIC, publicKey],
    ]);
    return {
      publicKey,
      summary: `The private key, its password and the public key are in the variables ${PRIVATE}, ${PASSWORD} and ${PUBLIC} of the GitLab ${owner.kind} ${owner.id} at ${api.server}`,
    };
  },
};

/** https://docs.gitlab.com/user/reserved_names/#rules-for-usernames-project-and-group-names-and-slugs */
const PART = /^[A-Za-z0-9_.][A-Za-z0-9_.-]*$/;

/**
 * Parses `gitlab://` with the path or the number of a project or of a group.
 *
 * @returns the path or number, unchanged
 * @throws SignedImageError `KEY_REFERENCE_INVALID`
 */
function parseGitlabReference(ref: string): string {
  const path = ref.slice(GITLAB_PREFIX.length);
  const isName = (part: string) => PART.test(part) && !/^\.+$/.test(part);
  if (path.split('/').every(isName)) return path;
  throw new SignedImageError({
    code: 'KEY_REFERENCE_INVALID',
    message:
      'a key in GitLab is referenced by the path or the number of its project or group, as in ' +
      `${GITLAB_EXAMPLE} or gitlab://1234; the address of the server is set in GITLAB_HOST`,
  });
}
