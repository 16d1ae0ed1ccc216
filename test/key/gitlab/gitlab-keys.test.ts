import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';

import {
  type GitlabFault,
  type GitlabToken,
  type RunningGitlab,
  type SeenRequest,
  startGitlab,
} from '../../../dev/gitlab';
import { SignedImageError } from '../../../src/error';
import { type KeyHost, loadKeySigner, loadPublicKey } from '../../../src/sign';
import { gitlabKeys } from '../../../src/key/gitlab/gitlab-keys';

const TOKEN = 'canary-gitlab-maintainer';
const PASSWORD = 'canary-gitlab-$password';
const PROJECT = 'acme/web/app';
const GROUP = 'acme';

const TOKENS: Readonly<Record<string, GitlabToken>> = {
  [TOKEN]: { scope: 'api', roles: { [PROJECT]: 'maintainer', [GROUP]: 'owner' } },
  'canary-gitlab-developer': { scope: 'api', roles: { [PROJECT]: 'developer' } },
  'canary-gitlab-read': { scope: 'read_api', roles: { [PROJECT]: 'maintainer' } },
  'canary-gitlab-expired': { scope: 'api', roles: {}, expired: true },
};

/** Not encrypted, as that takes a second each time. */
const PLAIN_KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  .privateKey.export({ format: 'pem', type: 'pkcs8' })
  .toString();

let gitlab: RunningGitlab;
let fault: ((request: SeenRequest) => GitlabFault | undefined) | undefined;

beforeEach(async () => {
  fault = undefined;
  gitlab = await startGitlab({ tokens: TOKENS, fault: (request) => fault?.(request) });
  gitlab.store.add('project', PROJECT);
  gitlab.store.add('group', GROUP);
});
afterEach(() => gitlab.close());

function host(env: Record<string, string> = {}): KeyHost {
  return {
    env: { GITLAB_HOST: gitlab.url, GITLAB_TOKEN: TOKEN, ...env },
    readFile: () => Promise.reject(new Error('no file is read')),
  };
}

const generate = (ref: string, on = host()) =>
  gitlabKeys.generate?.(ref, { password: PASSWORD }, on);
const load = (ref: string, on = host()) => loadKeySigner({ ref }, on);
const project = () => gitlab.store.find('project', PROJECT);

async function refusal(action: Promise<unknown> | undefined): Promise<SignedImageError> {
  const error = await action?.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SignedImageError);
  const text = JSON.stringify(error, Object.getOwnPropertyNames(error));
  for (const secret of [...Object.keys(TOKENS), PASSWORD]) expect(text).not.toContain(secret);
  return error as SignedImageError;
}

describe.each([
  ['a project by its path', `gitlab://${PROJECT}`],
  ['a project by its number', 'gitlab://100'],
  ['a group', `gitlab://${GROUP}`],
])('a key in the variables of %s', (_name, ref) => {
  test('is made, read and signs', async () => {
    const made = await generate(ref);
    const signer = await load(ref);
    const data = Buffer.from('data');
    const { signature } = await signer.sign(data);
    expect(verify('sha256', data, createPublicKey(made?.publicKey ?? ''), signature)).toBe(true);
    expect((await loadPublicKey(ref, host())).keyId).toBe(signer.publicKey.keyId);
    expect(made?.summary).toContain(gitlab.url);
  });
});

describe('what is made', () => {
  test('is named and set as cosign does, but a dollar stays a dollar', async () => {
    await generate(`gitlab://${PROJECT}`);
    expect(project()?.variables.map(({ key }) => key)).toEqual([
      'COSIGN_PASSWORD',
      'COSIGN_PRIVATE_KEY',
      'COSIGN_PUBLIC_KEY',
    ]);
    expect(project()?.variables[0]).toMatchObject({
      value: PASSWORD,
      protected: false,
      masked: false,
      raw: true,
      environment_scope: '*',
    });
  });

  test('overwrites no variable', async () => {
    const space = project();
    if (space !== undefined) gitlab.store.set(space, 'COSIGN_PUBLIC_KEY', 'of another');
    expect(await refusal(generate(`gitlab://${PROJECT}`))).toMatchObject({ code: 'KEY_EXISTS' });
    expect(space?.variables).toHaveLength(1);
  });

  test('leaves a variable that was created concurrently', async () => {
    fault = ({ method }) => {
      const space = project();
      if (method === 'POST' && space?.variables.length === 1) {
        gitlab.store.set(space, 'COSIGN_PRIVATE_KEY', 'of another');
      }
      return undefined;
    };
    expect(await refusal(generate(`gitlab://${PROJECT}`))).toMatchObject({ code: 'KEY_EXISTS' });
    expect(project()?.variables.map(({ value }) => value)).toEqual(['of another']);
  });

  test('is taken back when one of the variables cannot be made', async () => {
    let posts = 0;
    fault = ({ method }) =>
      method === 'POST' && (posts += 1) === 3 ? { status: 500, body: {} } : undefined;
    expect(await refusal(generate(`gitlab://${PROJECT}`))).toMatchObject({
      code: 'KEY_SERVICE_FAILED',
    });
    expect(project()?.variables).toEqual([]);
  });

  test('and cannot be taken back is named', async () => {
    let posts = 0;
    fault = ({ method }) => {
      if (method === 'POST') return (posts += 1) === 2 ? 'drop' : undefined;
      return method === 'DELETE' ? { status: 403, body: { message: '403 Forbidden' } } : undefined;
    };
    const error = await refusal(generate(`gitlab://${PROJECT}`));
    expect(error.message).toMatch(
      /may remain in the GitLab project acme\/web\/app: COSIGN_PASSWORD;/,
    );
  });

  test('needs more than a token that reads', async () => {
    const error = await refusal(
      generate(`gitlab://${PROJECT}`, host({ GITLAB_TOKEN: 'canary-gitlab-read' })),
    );
    expect(error).toMatchObject({ code: 'KEY_FORBIDDEN' });
    expect(error.message).toContain('scope api');
    expect(project()?.variables).toEqual([]);
  });
});

describe('a key that cannot be read is reported with the reason', () => {
  test.each([
    ['an expired token', 'canary-gitlab-expired', /Token is expired/],
    ['an unknown token', 'canary-gitlab-unknown', /401 Unauthorized/],
    ['a developer', 'canary-gitlab-developer', /role Maintainer/],
    ['no token', ' ', /GITLAB_TOKEN is not set/],
  ])('%s', async (_name, token, message) => {
    const error = await refusal(load(`gitlab://${PROJECT}`, host({ GITLAB_TOKEN: token })));
    expect(error).toMatchObject({ code: 'KEY_FORBIDDEN', property: 'key.ref' });
    expect(error.message).toMatch(message);
  });

  test.each([
    ['does not exist', 'gitlab://acme/elsewhere', /no project or group acme\/elsewhere/],
    ['has no key', `gitlab://${PROJECT}`, /no variable COSIGN_PRIVATE_KEY/],
  ])('a project that %s', async (_name, ref, message) => {
    const error = await refusal(load(ref));
    expect(error.code).toBe('KEY_NOT_FOUND');
    expect(error.message).toMatch(message);
  });

  test('a hidden variable, and several of one name', async () => {
    const space = project();
    if (space === undefined) throw new Error('no project');
    gitlab.store.set(space, 'COSIGN_PRIVATE_KEY', 'x', { hidden: true });
    expect((await refusal(load(`gitlab://${PROJECT}`))).message).toContain('hidden variable');
    gitlab.store.set(space, 'COSIGN_PRIVATE_KEY', 'y', { environment_scope: 'production' });
    expect((await refusal(load(`gitlab://${PROJECT}`))).message).toContain('several variables');
  });
});

describe('the server', () => {
  beforeEach(() => {
    const space = project();
    if (space !== undefined) gitlab.store.set(space, 'COSIGN_PRIVATE_KEY', PLAIN_KEY);
  });

  test('is retried after a throttled, a failed and an aborted request', async () => {
    const faults: GitlabFault[] = [
      { status: 429, headers: { 'retry-after': '0' }, body: { message: 'Retry later' } },
      { status: 502 },
      'drop',
    ];
    const paths = new Set<string>();
    fault = ({ path }) => (paths.has(path) ? undefined : (paths.add(path), faults.shift()));
    await expect(load(`gitlab://${PROJECT}`)).resolves.toBeDefined();
  });

  test.each([
    ['throttles', { status: 429, body: { message: 'Retry later' } }, /HTTP 429 \(Retry later\)/],
    ['is down', { status: 503 }, /HTTP 503/],
    ['does not respond', 'drop', /cannot be asked/],
    ['returns something else', { status: 418, body: {} }, /HTTP 418/],
  ] as const)(
    'that %s for long is reported after a bounded number of attempts',
    async (_name, answer, message) => {
      fault = () => answer;
      const before = gitlab.requests.length;
      const error = await refusal(load(`gitlab://${PROJECT}`));
      expect(error.code).toBe('KEY_SERVICE_FAILED');
      expect(error.message).toMatch(message);
      expect(gitlab.requests.length - before).toBeLessThanOrEqual(3);
    },
  );

  test('leads from the old path of a project to the new one', async () => {
    const space = project();
    if (space !== undefined) gitlab.store.rename('acme/old', space);
    await expect(load('gitlab://acme/old')).resolves.toBeDefined();
  });

  test('that leads elsewhere gets no token there', async () => {
    const other = await startGitlab({ tokens: TOKENS });
    try {
      const location = `${other.url}/api/v4/projects/1`;
      fault = () => ({ status: 302, headers: { location } });
      const error = await refusal(load(`gitlab://${PROJECT}`));
      expect(error.message).toContain(`redirects to ${other.url}, where the token is not sent`);
      expect(other.requests).toEqual([]);
    } finally {
      await other.close();
    }
  });

  test('that leads in a circle is left', async () => {
    fault = ({ path }) => ({ status: 302, headers: { location: path } });
    expect((await refusal(load(`gitlab://${PROJECT}`))).message).toContain('without end');
  });

  test('that answers without end is not listened to', async () => {
    fault = () => ({ status: 200, body: 'x'.repeat(2 << 20) });
    expect((await refusal(load(`gitlab://${PROJECT}`))).message).toContain('more than 1 MiB');
  });

  test.each([
    ['http://gitlab.example.com', /must be an https address/],
    ['https://me:canary-host-password@gitlab.example.com', /without user name/],
    ['https://', /must be an address/],
  ])('of GITLAB_HOST %# is refused before anything is sent', async (address, message) => {
    const error = await refusal(load(`gitlab://${PROJECT}`, host({ GITLAB_HOST: address })));
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('canary');
  });

  test.each([
    ['', 'https://gitlab.com/api/v4/projects/acme%2Fweb%2Fapp'],
    ['gitlab.example.com', 'https://gitlab.example.com/api/v4/projects/acme%2Fweb%2Fapp'],
    ['https://example.com/git/', 'https://example.com/git/api/v4/projects/acme%2Fweb%2Fapp'],
    ['https://example.com/api/v4', 'https://example.com/api/v4/projects/acme%2Fweb%2Fapp'],
  ])('%p is requested at %s', async (address, expected) => {
    const requested: string[] = [];
    const recording: KeyHost = {
      ...host({ GITLAB_HOST: address }),
      send: async ({ url }) => {
        requested.push(url.href);
        return { status: 401, headers: {}, body: Buffer.from('{}'), url };
      },
    };
    await refusal(load(`gitlab://${PROJECT}`, recording));
    expect(requested).toEqual([expected]);
  });
});

test.each(['gitlab://', 'gitlab://a//b', 'gitlab://../x', 'gitlab://a b', 'gitlab://https://x/y'])(
  '%s is not a reference',
  async (ref) => {
    expect(await refusal(load(ref))).toMatchObject({ code: 'KEY_REFERENCE_INVALID' });
  },
);
