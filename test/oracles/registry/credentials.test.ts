import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { type RunningRegistry, startRegistry } from '../../../dev/registry';
import { buildahBuilder, podmanBuilder } from '../../../src/build';
import {
  createRegistryClient,
  type DockerConfigAccess,
  OCI_CONFIG,
  parseReference,
  systemDockerConfig,
} from '../../../src/oci';
import { Context } from '../../build/requests';
import { runCommand } from '../support/command';
import { recordOracle } from '../support/tally';
import { type DockerRegistry, PASSWORD, startDockerRegistry, USER } from './docker-registry';

/**
 * The tools that people log in with are the oracle: what they can push or read with, we can read
 * with, and so can every builder that we start. `docker login` needs no daemon; a push by the
 * daemon takes what it is handed, which is compared as a file.
 */
const TOOLS = ['docker', 'podman', 'buildah', 'skopeo'] as const;
type Tool = (typeof TOOLS)[number];

interface Place {
  readonly name: string;
  /** Tools that leave logins there. */
  readonly tools: readonly Tool[];
  readonly env: (folder: string) => NodeJS.ProcessEnv;
  /** The file that the tool writes. */
  readonly file: (folder: string) => string;
  /** Flags of `login` that name the place. */
  readonly flags?: (folder: string) => readonly string[];
}

const CONTAINERS: readonly Tool[] = ['podman', 'buildah', 'skopeo'];
const PLACES: readonly Place[] = [
  {
    name: '$REGISTRY_AUTH_FILE',
    tools: CONTAINERS,
    env: (folder) => ({ REGISTRY_AUTH_FILE: join(folder, 'named.json') }),
    file: (folder) => join(folder, 'named.json'),
  },
  {
    name: '$XDG_RUNTIME_DIR',
    tools: CONTAINERS,
    env: (folder) => ({ XDG_RUNTIME_DIR: join(folder, 'run') }),
    file: (folder) => join(folder, 'run/containers/auth.json'),
  },
  {
    name: '$XDG_CONFIG_HOME',
    tools: CONTAINERS,
    env: (folder) => ({
      XDG_RUNTIME_DIR: join(folder, 'run'),
      XDG_CONFIG_HOME: join(folder, 'xdg'),
    }),
    file: (folder) => join(folder, 'xdg/containers/auth.json'),
    flags: (folder) => ['--authfile', join(folder, 'xdg/containers/auth.json')],
  },
  {
    name: '~/.config',
    tools: CONTAINERS,
    env: (folder) => ({ XDG_RUNTIME_DIR: join(folder, 'run') }),
    file: (folder) => join(folder, 'home/.config/containers/auth.json'),
    flags: (folder) => ['--authfile', join(folder, 'home/.config/containers/auth.json')],
  },
  {
    name: '$DOCKER_CONFIG',
    tools: ['docker', 'podman', 'buildah'],
    env: (folder) => ({
      DOCKER_CONFIG: join(folder, 'docker'),
      XDG_RUNTIME_DIR: join(folder, 'run'),
    }),
    file: (folder) => join(folder, 'docker/config.json'),
  },
  {
    name: '~/.docker',
    tools: ['docker'],
    env: (folder) => ({ XDG_RUNTIME_DIR: join(folder, 'run') }),
    file: (folder) => join(folder, 'home/.docker/config.json'),
  },
];

interface Way {
  readonly name: string;
  readonly tools: readonly Tool[];
  /** What stands in the file before the login. */
  readonly before?: (host: string) => object;
  /** What is logged in to, below the registry. */
  readonly namespace?: string;
}

const WAYS: readonly Way[] = [
  { name: 'in the file', tools: TOOLS },
  {
    name: "by the registry's helper",
    tools: TOOLS,
    before: (host) => ({ credHelpers: { [host]: 'oracle' } }),
  },
  { name: 'by the store', tools: ['docker'], before: () => ({ credsStore: 'oracle' }) },
  { name: 'for a namespace', tools: CONTAINERS, namespace: 'team' },
  { name: 'for a repository', tools: CONTAINERS, namespace: 'team/app' },
];

const CASES = PLACES.flatMap((place) =>
  WAYS.flatMap((way) =>
    TOOLS.filter((tool) => place.tools.includes(tool) && way.tools.includes(tool)).map((tool) => ({
      tool,
      place,
      way,
      title: `${tool} login, ${way.name}, ${place.name}`,
    })),
  ),
);

let basic: DockerRegistry;
let bearer: RunningRegistry;
let folder: string;
let compared = 0;
let differences = 0;

beforeAll(async () => {
  basic = await startDockerRegistry();
  bearer = await startRegistry({
    settings: {
      auth: {
        kind: 'bearer',
        users: { [USER]: PASSWORD },
        placeholderScope: 'repository:u/i:pull',
      },
    },
  });
});
afterAll(async () => {
  recordOracle('registry credentials', compared, differences);
  await Promise.all([basic.close(), bearer.close()]);
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'oracle-login-'));
  for (const name of ['run', 'home', 'bin', 'store']) await mkdir(join(folder, name));
  await cp(join(__dirname, 'credential-store.sh'), join(folder, 'bin/docker-credential-oracle'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function environment(place: Place): NodeJS.ProcessEnv {
  return {
    PATH: `${join(folder, 'bin')}:${process.env['PATH']}`,
    HOME: join(folder, 'home'),
    CREDENTIAL_STORE: join(folder, 'store'),
    BUILDAH_ISOLATION: 'chroot',
    ...place.env(folder),
  };
}

async function logIn(
  { tool, place, way }: (typeof CASES)[number],
  host: string,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const file = place.file(folder);
  await mkdir(dirname(file), { recursive: true });
  if (way.before) await writeFile(file, JSON.stringify(way.before(host)));
  else if (tool !== 'docker') await writeFile(file, '{}');
  const server = way.namespace === undefined ? host : `${host}/${way.namespace}`;
  const flags = tool === 'docker' ? [] : ['--tls-verify=false', ...(place.flags?.(folder) ?? [])];
  const args = ['login', ...flags, '-u', USER, '--password-stdin', server];
  const { code, output } = await runCommand(tool, args, env, PASSWORD);
  if (code !== 0) throw new Error(`${tool} login failed: ${output}`);
}

describe.each(['Basic', 'Bearer'] as const)('%s', (kind) => {
  const host = (): string => (kind === 'Basic' ? basic.host : bearer.host);

  test.each(CASES)('$title', async (one) => {
    const env = environment(one.place);
    await logIn(one, host(), env);
    compared += 1;
    differences += 1;
    const access: DockerConfigAccess = { ...systemDockerConfig(env), uid: undefined };
    const client = createRegistryClient({ dockerConfig: access });
    try {
      const { repository } = parseReference(`${host()}/team/app`);
      await client.checkAccess(repository, 'push');
      const bytes = Buffer.from(one.title);
      const blob = await client.putBlob(repository, bytes, OCI_CONFIG);
      expect(await client.getBlob(repository, blob)).toEqual(bytes);
    } finally {
      await client.close();
    }
    // The secret is where the tool put it, and was found there.
    const text = await readFile(one.place.file(folder), 'utf8');
    expect(text.includes('"auth"')).toBe(one.way.before === undefined);
    differences -= 1;
  });
});

/** A login of each tool, and every builder that can be started without a daemon. */
describe.each([
  ['podman', podmanBuilder],
  ['buildah', buildahBuilder],
] as const)('%s pushes with', (_, create) => {
  const chosen = CASES.filter(
    ({ place, way, tool }) =>
      (place.name === '$XDG_RUNTIME_DIR' && tool === 'podman') ||
      (place.name === '~/.docker' && way.name !== 'in the file'),
  );
  test.each(chosen)('$title', async (one) => {
    const env = environment(one.place);
    await logIn(one, basic.host, env);
    const storage = join(folder, 'storage.conf');
    await writeFile(
      storage,
      `[storage]\ndriver = "vfs"\nrunroot = "${folder}/runroot"\ngraphroot = "${folder}/graph"\n`,
    );
    const context = new Context();
    context.write('Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n');
    compared += 1;
    differences += 1;
    const builder = create({ env: { ...env, CONTAINERS_STORAGE_CONF: storage } });
    const request = context.request(`${basic.host}/team/app:${Date.now()}`);
    const log: string[] = [];
    const { digest } = await builder.build(request, (line) => log.push(line));
    const client = createRegistryClient({
      dockerConfig: { ...systemDockerConfig(env), uid: undefined },
    });
    expect(await client.getManifest(request.reference.repository, digest)).toBeDefined();
    await client.close();
    context.remove();
    differences -= 1;
  });
});
