import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import {
  buildahBuilder,
  type BuildRequest,
  buildxBuilder,
  dockerBuilder,
  podmanBuilder,
} from '../../src/build';
import { argumentFlags, argumentVariables } from '../../src/build/build-arguments';
import { builderEnvironment, configuredHelpers } from '../../src/build/environment';
import { changesBuilder, isReadByBuilders } from '../../src/build/variables';
import { FakeTools } from './fake-tools';
import { Context, DIGEST } from './requests';

const CANARY = 'canary-environment-of-a-builder-c41d';

/** Like all four tools, as far as a build needs them. */
const TOOL = `
  const file = (name, text) => { if (flag(name)) write(flag(name), text); };
  if (argv[0] === 'version') console.log('28.2.2');
  const config = { Os: 'linux', Architecture: 'amd64', Config: {}, RepoDigests: ['x@${DIGEST}'] };
  if (argv[0] === 'buildx' && argv[1] === 'inspect') console.log('Driver: docker-container');
  else if (argv.includes('inspect')) console.log(JSON.stringify([config]));
  file('--iidfile', 'sha256:' + 'a'.repeat(64));
  file('--digestfile', '${DIGEST}');
  file('--metadata-file', '{"containerimage.digest":"${DIGEST}"}');
  if (argv[0] === 'push') console.log('v1: digest: ${DIGEST} size: 528');
`;

const BUILDERS = [
  { name: 'buildx', program: 'docker', create: buildxBuilder },
  { name: 'docker', program: 'docker', create: dockerBuilder },
  { name: 'podman', program: 'podman', create: podmanBuilder },
  { name: 'buildah', program: 'buildah', create: buildahBuilder },
] as const;

let tools: FakeTools;
let context: Context;
beforeEach(() => {
  tools = new FakeTools();
  context = new Context();
});
afterEach(() => {
  tools.remove();
  context.remove();
});

/** Credentials from the environment of real CI jobs. */
const CREDENTIALS = Object.fromEntries(
  [
    'RELEASE_KEY',
    'COSIGN_PASSWORD',
    'COSIGN_PKCS11_PIN',
    'COSIGN_PRIVATE_KEY',
    'BAO_TOKEN',
    'VAULT_TOKEN',
    'GITLAB_TOKEN',
    'CI_JOB_TOKEN',
    'GITHUB_TOKEN',
    'AWS_SECRET_ACCESS_KEY',
    'AZURE_CLIENT_SECRET',
    'GOOGLE_APPLICATION_CREDENTIALS',
    'ACTIONS_ID_TOKEN_REQUEST_TOKEN',
    'ACTIONS_RUNTIME_TOKEN',
    'SIGSTORE_ID_TOKEN',
    'PULUMI_ACCESS_TOKEN',
    'PULUMI_CONFIG_PASSPHRASE',
    'DOCKER_PASSWORD',
    'DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE',
    'BUILDX_BAKE_GIT_AUTH_TOKEN',
    'CONTAINER_PASSPHRASE',
    'NPM_TOKEN',
  ].map((name) => [name, CANARY]),
);

describe.each(BUILDERS)('$name', ({ program, create }) => {
  const run = async (further: Partial<BuildRequest>, env: NodeJS.ProcessEnv = {}) => {
    tools.add(program, TOOL);
    const request = context.request('registry.example/app:v1', further);
    const builder = create({ env: { ...tools.env, ...env } });
    expect(await builder.unavailable(request)).toBeUndefined();
    await builder.build(request, () => undefined);
    return { calls: tools.calls, build: tools.callsOf('build').at(-1) };
  };

  test('none of its processes gets a credential of ours', async () => {
    const { calls } = await run({}, { ...CREDENTIALS, RELEASE_KEY_FILE: CANARY });
    expect(calls.length).toBeGreaterThanOrEqual(3);
    expect(JSON.stringify(calls)).not.toContain(CANARY);
  });

  test('what builders read themselves arrives, and what the caller names', async () => {
    const env = {
      DOCKER_HOST: 'unix:///run/other.sock',
      https_proxy: 'http://proxy.example:3128',
      XDG_RUNTIME_DIR: '/run/user/1000',
      SSH_AUTH_SOCK: '/run/agent',
      CORPORATE_CA: 'named',
      OTHER: 'not named',
    };
    const { calls, build } = await run({ environment: ['CORPORATE_CA'] }, env);
    const { OTHER: _other, ...expected } = env;
    expect(build?.env).toMatchObject(expected);
    for (const call of calls) {
      expect(call.env).toMatchObject({ CORPORATE_CA: 'named' });
      expect(call.env).not.toHaveProperty('OTHER');
    }
  });

  test('the value of a build argument is in its environment and not on its command line', async () => {
    const { calls, build } = await run({ args: { TOKEN: CANARY, EMPTY: '' } });
    expect(build?.argv.join(' ')).toContain('--build-arg EMPTY --build-arg TOKEN ');
    expect(build?.env).toMatchObject({ TOKEN: CANARY, EMPTY: '' });
    expect(JSON.stringify(calls.map(({ argv }) => argv))).not.toContain(CANARY);
    const others = calls.filter((call) => call !== build);
    expect(JSON.stringify(others.filter(({ argv }) => !argv.includes('build')))).not.toContain(
      CANARY,
    );
  });

  test('an argument whose variable would change the builder itself does not become a variable', async () => {
    const args = {
      PATH: '/nowhere',
      HOME: '/nowhere',
      DOCKER_HOST: 'tcp://other',
      LD_PRELOAD: 'x',
    };
    const { build } = await run({ args: { ...args, http_proxy: 'http://other' } });
    expect(build?.env['PATH']).toBe(tools.env['PATH']);
    expect(build?.env['HOME']).toBe(tools.home);
    for (const name of ['DOCKER_HOST', 'LD_PRELOAD', 'http_proxy']) {
      expect(build?.env).not.toHaveProperty(name);
    }
    expect(build?.argv.join(' ')).toContain('--build-arg PATH=/nowhere');
  });
});

describe('credentials of a cache and of credential helpers', () => {
  const AWS = { AWS_SECRET_ACCESS_KEY: CANARY, AWS_REGION: 'eu-1' };
  const ACTIONS = { ACTIONS_RUNTIME_TOKEN: CANARY, ACTIONS_RESULTS_URL: 'https://r.example' };
  const CLOUD = { ...AWS, ...ACTIONS, AZURE_CLIENT_SECRET: CANARY, CLOUDSDK_CONFIG: '/gcloud' };
  const built = async (further: Partial<BuildRequest>) => {
    tools.add('docker', TOOL);
    const request = context.request('registry.example/app:v1', further);
    await buildxBuilder({ env: { ...tools.env, ...CLOUD } }).build(request, () => undefined);
    const { env = {} } = tools.callsOf('build').at(-1) ?? {};
    return Object.keys(CLOUD).filter((name) => name in env);
  };

  test.each([
    [{ cacheTo: ['type=gha,mode=max'] }, Object.keys(ACTIONS)],
    [{ cacheFrom: ['type=s3,bucket=b,region=r'] }, Object.keys(AWS)],
    [{ cacheFrom: ['mode=max,type=azblob'] }, ['AZURE_CLIENT_SECRET']],
    [{ cacheFrom: ['type=registry,ref=h.example/cache', 'h.example/cache'] }, []],
  ])('for %j the builder gets exactly those', async (further, expected) => {
    expect(await built(further)).toEqual(expected);
  });

  test.each([
    ['ecr-login', Object.keys(AWS)],
    ['gcloud', ['CLOUDSDK_CONFIG']],
    ['acr-env', ['AZURE_CLIENT_SECRET']],
    ['desktop', []],
  ])('a helper %s in the docker configuration gets what it reads', async (helper, expected) => {
    mkdirSync(join(tools.home, '.docker'));
    writeFileSync(
      join(tools.home, '.docker', 'config.json'),
      JSON.stringify({ credHelpers: { 'registry.example': helper } }),
    );
    expect(await built({})).toEqual(expected);
  });

  const HELPER = (variable: string) => `#!/bin/sh
[ -n "$${variable}" ] || exit 1
echo '{"Username":"u","Secret":"${CANARY}"}'
`;
  test.each([
    ['ecr-login', 'AWS_SECRET_ACCESS_KEY', []],
    ['corporate', 'CORPORATE_TOKEN', ['CORPORATE_TOKEN']],
  ])(
    'a helper %s that works with %s in the builder stays a helper, and no credential is copied',
    async (helper, variable, environment) => {
      const path = join(tools.env['PATH'] ?? '', `docker-credential-${helper}`);
      writeFileSync(path, HELPER(variable), { mode: 0o755 });
      mkdirSync(join(tools.home, '.docker'));
      // The helper of another file: docker itself would not find it.
      const other = join(tools.folder, 'auth.json');
      writeFileSync(other, JSON.stringify({ credHelpers: { 'registry.example': helper } }));
      tools.add('docker', TOOL);
      const env = { ...tools.env, ...CLOUD, CORPORATE_TOKEN: CANARY, REGISTRY_AUTH_FILE: other };
      const request = context.request('registry.example/app:v1', { environment });
      await buildxBuilder({ env }).build(request, () => undefined);
      const { files = {} } = tools.callsOf('build').at(-1) ?? {};
      const config = JSON.parse(files['config']?.text ?? '{}') as {
        readonly credHelpers?: object;
        readonly auths?: object;
      };
      expect(config.credHelpers).toMatchObject({ 'registry.example': helper });
      expect(config.auths).toEqual({});
    },
  );

  test('a store counts as a helper', async () => {
    mkdirSync(join(tools.home, '.docker'));
    const config = join(tools.home, '.docker', 'config.json');
    writeFileSync(config, JSON.stringify({ credsStore: 'ecr-login' }));
    expect(await built({})).toEqual(Object.keys(AWS));
  });

  test.each(['null', '{'])(
    'a configuration of %j does not have helpers, and stops the build',
    async (text) => {
      mkdirSync(join(tools.home, '.docker'));
      writeFileSync(join(tools.home, '.docker', 'config.json'), text);
      expect(await configuredHelpers(tools.env)).toEqual([]);
      await expect(built({})).rejects.toMatchObject({ code: 'CREDENTIALS_UNREADABLE' });
    },
  );
});

describe('the variables of a builder', () => {
  test('differ by case on Windows only', () => {
    expect(isReadByBuilders('Path', 'win32')).toBe(true);
    expect(isReadByBuilders('ProgramFiles(x86)', 'win32')).toBe(true);
    expect(isReadByBuilders('xdg_config_home', 'win32')).toBe(true);
    expect(isReadByBuilders('buildx_token', 'win32')).toBe(false);
    expect(isReadByBuilders('Path', 'linux')).toBe(false);
  });

  test('never become arguments, in any case, and neither do those of the caller', () => {
    expect(
      ['path', 'Http_Proxy', 'BUILDKIT_INLINE_CACHE', 'GODEBUG', 'AWS_REGION'].every(
        changesBuilder,
      ),
    ).toBe(true);
    expect(['VERSION', 'TOKEN', 'GITHUB_SHA', 'GOVERSION', 'NPM_TOKEN'].some(changesBuilder)).toBe(
      false,
    );
    const request = { args: { NAMED: '1', OTHER: '2' }, environment: ['NAMED'] };
    expect(argumentFlags(request)).toEqual(['--build-arg', 'NAMED=1', '--build-arg', 'OTHER']);
    expect(argumentVariables(request)).toEqual({ OTHER: '2' });
  });

  test('are taken from the allow list, and nothing else is', () => {
    expect(builderEnvironment({ ...CREDENTIALS, PATH: '/bin', LC_ALL: 'C' })).toEqual({
      PATH: '/bin',
      LC_ALL: 'C',
    });
  });
});
