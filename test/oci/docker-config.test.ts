import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

import type { Credentials } from '../../src/oci/credentials';
import { runHelper } from '../../src/oci/credential-helper';
import {
  type DockerConfigAccess,
  dockerConfigCredentials,
  systemDockerConfig,
} from '../../src/oci/docker-config';
import { refusalOf } from './support/registry-fixture';

const HOST = 'registry.example:5000';
const APP = { registry: HOST, path: 'team/app' };
const SECRET = 'canary-very-secret-word';
const auth = (text: string): string => Buffer.from(text).toString('base64');

interface Machine {
  readonly env?: Record<string, string>;
  readonly files: Record<string, unknown>;
  readonly uid?: number;
  readonly platform?: NodeJS.Platform;
  readonly helpers?: Record<string, { readonly exitCode?: number; readonly stdout: string }>;
}

/** Reads credentials with these files and helpers; `helperCalls` are the helper calls. */
function machine({ env = { HOME: '/home/me' }, files, helpers = {}, uid, platform }: Machine): {
  readonly find: (registry?: string, path?: string) => Promise<Credentials | undefined>;
  readonly helperCalls: string[][];
} {
  const helperCalls: string[][] = [];
  const access: DockerConfigAccess = {
    env,
    uid,
    platform: platform ?? 'linux',
    readFile: async (path) => {
      const content = files[path];
      return typeof content === 'string' || content === undefined
        ? content
        : JSON.stringify(content);
    },
    runHelper: async (name, input) => {
      helperCalls.push([name, input]);
      const helper = helpers[name];
      if (!helper) throw Object.assign(new Error('spawn ENOENT'), { code: 'ENOENT' });
      return { exitCode: 0, ...helper };
    },
  };
  return {
    find: (registry = HOST, path = 'team/app') =>
      dockerConfigCredentials(access)({ registry, path }),
    helperCalls,
  };
}
const CONFIG = '/home/me/.docker/config.json';
const basic = (source = CONFIG): Credentials => ({
  kind: 'password',
  username: 'me',
  password: SECRET,
  source,
});

describe('the file', () => {
  it('is read from DOCKER_CONFIG, or else from the home folder; without one, access is anonymous', async () => {
    const entry = { auths: { [HOST]: { auth: auth(`me:${SECRET}`) } } };
    expect(await machine({ files: { [CONFIG]: entry } }).find()).toEqual(basic());
    const env = { HOME: '/home/me', DOCKER_CONFIG: '/elsewhere' };
    expect(await machine({ env, files: { '/elsewhere/config.json': entry } }).find()).toEqual(
      basic('/elsewhere/config.json'),
    );
    expect(await machine({ env, files: { [CONFIG]: entry } }).find()).toBeUndefined();
    expect(await machine({ files: {} }).find()).toBeUndefined();
    expect(await machine({ files: { [CONFIG]: '' } }).find()).toBeUndefined();
  });

  it('of podman is read if docker’s does not have an entry for the host', async () => {
    const entry = { auths: { [HOST]: { auth: auth(`me:${SECRET}`) } } };
    const runtime = { HOME: '/home/me', XDG_RUNTIME_DIR: '/run/me' };
    const podman = '/run/me/containers/auth.json';
    expect(
      await machine({ env: runtime, files: { [podman]: entry, [CONFIG]: {} } }).find(),
    ).toEqual(basic(podman));
    const named = { ...runtime, REGISTRY_AUTH_FILE: '/auth.json' };
    expect(await machine({ env: named, files: { '/auth.json': entry } }).find()).toEqual(
      basic('/auth.json'),
    );
    // docker does not read the variable: a login that it has counts beside the named file.
    expect(await machine({ env: named, files: { [podman]: entry } }).find()).toEqual(basic(podman));
  });

  /** Each file that a tool may leave a login in, the strongest first. */
  const PLACES = [
    '/named/auth.json',
    '/docker/config.json',
    '/run/user/7/containers/auth.json',
    '/run/containers/7/auth.json',
    '/xdg/containers/auth.json',
    '/home/me/.config/containers/auth.json',
    '/home/me/.dockercfg',
  ];
  const EVERYWHERE = {
    HOME: '/home/me',
    REGISTRY_AUTH_FILE: '/named/auth.json',
    DOCKER_CONFIG: '/docker',
    XDG_RUNTIME_DIR: '/run/user/7',
    XDG_CONFIG_HOME: '/xdg',
  };

  it('is found wherever a tool leaves it, and those places have one order', async () => {
    const entry = { [HOST]: { auth: auth(`me:${SECRET}`) } };
    const fileOf = (path: string): object =>
      path.endsWith('.dockercfg') ? entry : { auths: entry };
    for (let from = 0; from < PLACES.length; from += 1) {
      const files = Object.fromEntries(PLACES.slice(from).map((path) => [path, fileOf(path)]));
      expect(await machine({ env: EVERYWHERE, files, uid: 7 }).find()).toEqual(basic(PLACES[from]));
    }
    const home = { files: { [CONFIG]: { auths: entry } } };
    expect(await machine(home).find()).toEqual(basic());
    expect(await machine({ ...home, env: EVERYWHERE, uid: 7 }).find()).toBeUndefined();
  });

  it('for a user of another number, or on a system without /run, is another one', async () => {
    const files = { '/run/containers/7/auth.json': { auths: { [HOST]: { auth: auth('a:b') } } } };
    expect(await machine({ files, uid: 8 }).find()).toBeUndefined();
    expect(await machine({ files, uid: 7, platform: 'darwin' }).find()).toBeUndefined();
  });

  it('that has nothing for the registry leaves it to the next, also where it has a helper', async () => {
    const missing = { exitCode: 1, stdout: 'credentials not found in native keychain\n' };
    const files = {
      '/run/user/7/containers/auth.json': { auths: { 'other.example': { auth: auth('a:b') } } },
      '/run/containers/7/auth.json': { auths: { [HOST]: {} } },
      '/home/me/.config/containers/auth.json': { credHelpers: { [HOST]: 'safe' } },
      [CONFIG]: { auths: { [HOST]: { auth: auth(`me:${SECRET}`) } } },
    };
    const env = { HOME: '/home/me', XDG_RUNTIME_DIR: '/run/user/7' };
    expect(await machine({ env, files, uid: 7, helpers: { safe: missing } }).find()).toEqual(
      basic(),
    );
  });

  it('that is broken does no harm to those before it', async () => {
    const files = {
      '/run/user/7/containers/auth.json': { auths: { [HOST]: { auth: auth(`me:${SECRET}`) } } },
      [CONFIG]: 'no JSON',
    };
    const env = { HOME: '/home/me', XDG_RUNTIME_DIR: '/run/user/7' };
    expect(await machine({ env, files }).find()).toEqual(basic('/run/user/7/containers/auth.json'));
  });

  it.each([
    ['no JSON', `{"auths": {"${HOST}": {"auth": "${SECRET}"`],
    ['no object', `["${SECRET}"]`],
    ['an entry that is not an object', { auths: { [HOST]: SECRET } }],
    ['an auth without a colon', { auths: { [HOST]: { auth: auth(SECRET) } } }],
  ])('that is malformed is an error that names it and quotes nothing: %s', async (_, content) => {
    const error = await refusalOf(machine({ files: { [CONFIG]: content } }).find());
    expect(error.code).toBe('CREDENTIALS_UNREADABLE');
    expect(error.message).toContain(CONFIG);
    expect(`${error.message} ${String(error.cause)}`).not.toContain(SECRET);
    expect(`${error.message} ${String(error.cause)}`).not.toContain(auth(SECRET));
  });

  it('that cannot be read is an error', async () => {
    const access = { ...systemDockerConfig(), env: { DOCKER_CONFIG: '/x' } };
    const readFile = async (): Promise<string> => {
      throw new Error('EACCES: permission denied');
    };
    const error = await refusalOf(dockerConfigCredentials({ ...access, readFile })(APP));
    expect(error.code).toBe('CREDENTIALS_UNREADABLE');
  });
});

describe('auths', () => {
  it.each([
    ['auth', { auth: auth(`me:${SECRET}`) }],
    ['auth padded with NUL', { auth: auth(`me:${SECRET}\0\0`) }],
    ['username and password', { username: 'me', password: SECRET }],
  ])('takes %s', async (_, entry) => {
    expect(await machine({ files: { [CONFIG]: { auths: { [HOST]: entry } } } }).find()).toEqual(
      basic(),
    );
  });

  it('prefers the tokens that a login left', async () => {
    const find = (entry: object): Promise<Credentials | undefined> =>
      machine({
        files: { [CONFIG]: { auths: { [HOST]: { auth: auth('<token>:'), ...entry } } } },
      }).find();
    expect(await find({ identitytoken: SECRET })).toEqual({
      kind: 'identity-token',
      token: SECRET,
      source: CONFIG,
    });
    expect(await find({ registrytoken: SECRET })).toEqual({
      kind: 'registry-token',
      token: SECRET,
      source: CONFIG,
    });
  });

  it.each([
    HOST,
    `https://${HOST}`,
    `https://${HOST}/v1/`,
    `http://${HOST}/any/path`,
    `${HOST}/v2/`,
    HOST.toUpperCase(),
  ])('finds the host under the key %s', async (key) => {
    const files = { [CONFIG]: { auths: { [key]: { auth: auth(`me:${SECRET}`) } } } };
    expect(await machine({ files }).find()).toEqual(basic());
  });

  it.each([
    'registry.example',
    'registry.example:500',
    'registry.example:50001',
    `evil-${HOST}`,
    `${HOST}.evil.example`,
    `https://evil.example/${HOST}`,
    `${HOST}/namespace`,
    `evil.example@${HOST}`,
    '',
  ])('gives the credentials of %p to no other host', async (key) => {
    const files = { [CONFIG]: { auths: { [key]: { auth: auth(`me:${SECRET}`) } } } };
    expect(await machine({ files }).find()).toBeUndefined();
  });

  it('the most specific key counts, and it counts for no other repository', async () => {
    const entry = (password: string): object => ({ auth: auth(`me:${password}`) });
    const auths = {
      'quay.example': entry('registry'),
      'quay.example/team': entry('team'),
      'quay.example/team/app': entry('app'),
      'quay.example/other': entry('other'),
      'docker.io/team': entry('hub'),
    };
    const { find } = machine({ files: { [CONFIG]: { auths } } });
    const passwordOf = async (path: string, registry = 'quay.example') => {
      const found = await find(registry, path);
      return found?.kind === 'password' ? found.password : undefined;
    };
    expect(await passwordOf('team/app')).toBe('app');
    expect(await passwordOf('team/app/part')).toBe('app');
    expect(await passwordOf('team/apples')).toBe('team');
    expect(await passwordOf('team/b')).toBe('team');
    expect(await passwordOf('teams/b')).toBe('registry');
    expect(await passwordOf('other')).toBe('other');
    expect(await passwordOf('team/x', 'index.docker.io')).toBe('hub');
    expect(await passwordOf('library/x', 'index.docker.io')).toBeUndefined();
  });

  it.each(['https://index.docker.io/v1/', 'docker.io', 'index.docker.io', 'registry-1.docker.io'])(
    'knows Docker Hub as %s',
    async (key) => {
      const files = { [CONFIG]: { auths: { [key]: { auth: auth(`me:${SECRET}`) } } } };
      expect(await machine({ files }).find('index.docker.io')).toEqual(basic());
    },
  );

  it('an empty entry is ignored', async () => {
    expect(
      await machine({ files: { [CONFIG]: { auths: { [HOST]: {} } } } }).find(),
    ).toBeUndefined();
    expect(await machine({ files: { [CONFIG]: { auths: [] } } }).find()).toBeUndefined();
  });
});

describe('helpers', () => {
  const answer = (fields: object): { stdout: string } => ({ stdout: JSON.stringify(fields) });
  const found = { safe: answer({ ServerURL: HOST, Username: 'me', Secret: SECRET }) };

  it('the one of the host comes before the one for all, and both before auths', async () => {
    const auths = { [HOST]: { auth: auth('other:other') } };
    const both = machine({
      files: { [CONFIG]: { credHelpers: { [HOST]: 'safe' }, credsStore: 'store', auths } },
      helpers: found,
    });
    expect(await both.find()).toEqual(basic('docker-credential-safe'));
    expect(both.helperCalls).toEqual([['safe', HOST]]);
    const store = machine({ files: { [CONFIG]: { credsStore: 'safe', auths } }, helpers: found });
    expect(await store.find()).toEqual(basic('docker-credential-safe'));
    const hub = machine({ files: { [CONFIG]: { credsStore: 'safe' } }, helpers: found });
    await hub.find('index.docker.io');
    expect(hub.helperCalls).toEqual([['safe', 'https://index.docker.io/v1/']]);
  });

  it('an identity token is recognized by its user name', async () => {
    const helpers = { safe: answer({ Username: '<token>', Secret: SECRET }) };
    expect(await machine({ files: { [CONFIG]: { credsStore: 'safe' } }, helpers }).find()).toEqual({
      kind: 'identity-token',
      token: SECRET,
      source: 'docker-credential-safe',
    });
  });

  it('one that has nothing leaves it to auths', async () => {
    const missing = { exitCode: 1, stdout: 'credentials not found in native keychain\n' };
    const auths = { [HOST]: { auth: auth(`me:${SECRET}`) } };
    const files = { [CONFIG]: { credsStore: 'safe', auths } };
    expect(await machine({ files, helpers: { safe: missing } }).find()).toEqual(basic());
    const empty = answer({ Username: '', Secret: '' });
    expect(
      await machine({
        files: { [CONFIG]: { credsStore: 'safe' } },
        helpers: { safe: empty },
      }).find(),
    ).toBeUndefined();
  });

  it.each<[string, string, { exitCode?: number; stdout: string } | undefined]>([
    ['is not installed', 'absent', undefined],
    ['fails', 'safe', { exitCode: 1, stdout: `locked, ${SECRET}` }],
    ['answers no JSON', 'safe', { stdout: SECRET }],
    ['answers without a secret', 'safe', { stdout: JSON.stringify({ Username: SECRET }) }],
    ['has a path for a name', '../../bin/sh', { stdout: '' }],
  ])('one that %s is an error without its output', async (_, name, helper) => {
    const helpers = helper ? { [name]: helper } : {};
    const error = await refusalOf(
      machine({ files: { [CONFIG]: { credHelpers: { [HOST]: name } } }, helpers }).find(),
    );
    expect(error.code).toBe('CREDENTIALS_UNREADABLE');
    expect(error.message).toContain(`docker-credential-${name}`);
    expect(`${error.message} ${String(error.cause)}`).not.toContain(SECRET);
  });
});

describe('on this machine', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'docker-config-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function script(name: string, body: string): Promise<void> {
    const path = join(folder, `docker-credential-${name}`);
    await writeFile(path, `#!${process.execPath}\n${body}`);
    await chmod(path, 0o755);
  }
  // `node` is not needed on the PATH, but what runs a script by its first line may be.
  const env = (): Record<string, string> => ({
    PATH: [folder, dirname(process.execPath)].join(delimiter),
    DOCKER_CONFIG: folder,
  });
  const access = (): DockerConfigAccess => ({
    ...systemDockerConfig(),
    env: env(),
    runHelper: runHelper(env()),
  });

  it('runs the helper from the PATH with "get", and the host on its input', async () => {
    await script(
      'safe',
      `let text = '';
       process.stdin.on('data', (chunk) => { text += chunk; }).on('end', () => {
         console.log(JSON.stringify({ Username: process.argv[2], Secret: text }));
       });`,
    );
    await writeFile(join(folder, 'config.json'), JSON.stringify({ credsStore: 'safe' }));
    expect(await dockerConfigCredentials(access())(APP)).toMatchObject({
      username: 'get',
      password: HOST,
    });
  });

  it('reports a helper that does not exist, and one that exits without reading', async () => {
    await writeFile(join(folder, 'config.json'), JSON.stringify({ credsStore: 'absent' }));
    expect((await refusalOf(dockerConfigCredentials(access())(APP))).message).toContain(
      'not on the PATH',
    );
    await script('absent', 'process.exit(3)');
    expect((await refusalOf(dockerConfigCredentials(access())(APP))).message).toContain('code 3');
  });

  it('stops a helper that does not stop printing', async () => {
    await script('loud', `setInterval(() => console.log('x'.repeat(100000)), 1);`);
    expect((await runHelper(env())('loud', HOST)).exitCode).not.toBe(0);
  });

  it('reads files, detects a missing one, and reports one that cannot be read', async () => {
    expect(await dockerConfigCredentials(access())(APP)).toBeUndefined();
    await mkdir(join(folder, 'config.json'));
    expect((await refusalOf(dockerConfigCredentials(access())(APP))).code).toBe(
      'CREDENTIALS_UNREADABLE',
    );
  });
});
