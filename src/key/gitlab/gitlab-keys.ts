import { SignedImageError, asSignedImageError } from '../../error';
import type { KeyHost, KeySource, StoredKey } from '../backend';
import { makeCosignPair } from '../generation/cosign-pair';
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

/** The names that cosign gives the variables. */
const PRIVATE = 'COSIGN_PRIVATE_KEY';
const PASSWORD = 'COSIGN_PASSWORD';
const PUBLIC = 'COSIGN_PUBLIC_KEY';

function apiOf(host: KeyHost): GitlabApi {
  return gitlabApi(gitlabServer(host), host);
}

async function neededVariable(api: GitlabApi, owner: VariableOwner, key: string): Promise<string> {
  const value = await readVariable(api, owner, key);
  if (value !== undefined && value.trim() !== '') return value;
  throw new SignedImageError({
    code: 'KEY_NOT_FOUND',
    message:
      `the GitLab ${owner.kind} ${owner.id} has ${value === undefined ? 'no variable' : 'an empty variable'} ${key}; ` +
      `make a key there with \`npx signed-image keys generate ${GITLAB_PREFIX}${owner.id}\``,
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
      const pem = await neededVariable(api, owner, PRIVATE);
      return { pem, password: await readVariable(api, owner, PASSWORD) };
    },
    readPublicKey: async (host) => {
      const api = apiOf(host);
      return neededVariable(api, await variableOwner(api, id), PUBLIC);
    },
  };
}

/** All of them or none. */
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
    const left: string[] = [];
    for (const variable of variables.toReversed()) {
      if (!(await takenBack(api, owner, variable))) left.push(variable[0]);
    }
    throw withRemains(error, owner, left);
  }
}

/** Of a request without an answer nobody knows what became; what is not ours is left alone. */
async function takenBack(
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

function withRemains(
  error: unknown,
  { kind, id }: VariableOwner,
  left: readonly string[],
): SignedImageError {
  const known = asSignedImageError(error, {
    code: 'KEY_SERVICE_FAILED',
    message: 'the variables could not be made',
  });
  if (left.length === 0) return known;
  return new SignedImageError({
    code: known.code,
    message: `${known.message}. Of the new key there may remain in the GitLab ${kind} ${id}: ${left.join(', ')}; look, and delete it`,
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
    const { privateKey, publicKey } = await makeCosignPair(password);
    await createAll(api, owner, [
      [PASSWORD, password],
      [PRIVATE, privateKey],
      [PUBLIC, publicKey],
    ]);
    return {
      publicKey,
      summary: `The key, its password and its public half are in the variables ${PRIVATE}, ${PASSWORD} and ${PUBLIC} of the GitLab ${owner.kind} ${owner.id} at ${api.server}`,
    };
  },
};

/** https://docs.gitlab.com/user/reserved_names/#rules-for-usernames-project-and-group-names-and-slugs */
const PART = /^[A-Za-z0-9_.][A-Za-z0-9_.-]*$/;

/**
 * Reads `gitlab://` and the path or the number of a project or of a group.
 *
 * @returns the path or number, as it stands
 * @throws SignedImageError `KEY_REFERENCE_INVALID`
 */
function parseGitlabReference(ref: string): string {
  const path = ref.slice(GITLAB_PREFIX.length);
  const isName = (part: string) => PART.test(part) && !/^\.+$/.test(part);
  if (path.split('/').every(isName)) return path;
  throw new SignedImageError({
    code: 'KEY_REFERENCE_INVALID',
    message:
      'a key in GitLab is named by the path or the number of its project or group, as in ' +
      `${GITLAB_EXAMPLE} or gitlab://1234; the address of the server is not part of it (GITLAB_HOST)`,
  });
}
