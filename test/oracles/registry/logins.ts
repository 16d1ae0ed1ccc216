import { execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

import { type DockerConfigAccess, systemDockerConfig } from '../../../src/oci';
import { runCommand } from '../support/command';
import { PASSWORD, USER } from './docker-registry';

/**
 * The tools that people log in with are the oracle: what they can push or read with, we can read
 * with, and so can every builder that we start. `docker login` needs no daemon; a push by the
 * daemon takes what it is handed, which is compared as a file.
 */
const TOOLS = ['docker', 'crane', 'podman', 'buildah', 'skopeo'] as const;
type Tool = (typeof TOOLS)[number];

interface Place {
  readonly name: string;
  /** Tools that leave logins there. */
  readonly tools: readonly Tool[];
  readonly env: (folder: string) => NodeJS.ProcessEnv;
  /** The file that the tool writes. */
  readonly file: (folder: string) => string;
  /** Flags of `login` for the location. */
  readonly flags?: (folder: string) => readonly string[];
  /** The folder that replaces `/run/containers` for the tool. */
  readonly run?: (folder: string) => string;
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
    name: '/run/containers/<uid>',
    tools: CONTAINERS,
    env: () => ({}),
    file: (folder) => join(folder, 'run', String(process.getuid?.()), 'auth.json'),
    run: (folder) => join(folder, 'run'),
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
    tools: ['docker', 'crane', 'podman', 'buildah'],
    env: (folder) => ({
      DOCKER_CONFIG: join(folder, 'docker'),
      XDG_RUNTIME_DIR: join(folder, 'run'),
    }),
    file: (folder) => join(folder, 'docker/config.json'),
  },
  {
    name: '~/.docker',
    tools: ['docker', 'crane'],
    env: (folder) => ({ XDG_RUNTIME_DIR: join(folder, 'run') }),
    file: (folder) => join(folder, 'home/.docker/config.json'),
  },
];

interface Way {
  readonly name: string;
  readonly tools: readonly Tool[];
  /** The content of the file before the login. */
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
  { name: 'by the store', tools: ['docker', 'crane'], before: () => ({ credsStore: 'oracle' }) },
  { name: 'for a namespace', tools: CONTAINERS, namespace: 'team' },
  { name: 'for a repository', tools: CONTAINERS, namespace: 'team/app' },
];

export interface LoginCase {
  readonly tool: Tool;
  readonly place: Place;
  readonly way: Way;
  readonly title: string;
}

export const CASES: readonly LoginCase[] = PLACES.flatMap((place) =>
  WAYS.flatMap((way) =>
    TOOLS.filter((tool) => place.tools.includes(tool) && way.tools.includes(tool)).map((tool) => ({
      tool,
      place,
      way,
      title: `${tool} login, ${way.name}, ${place.name}`,
    })),
  ),
);

/** A folder in which a tool logs in. */
export async function loginFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'oracle-login-'));
  for (const name of ['run', 'home', 'bin', 'store']) await mkdir(join(folder, name));
  await cp(join(__dirname, 'credential-store.sh'), join(folder, 'bin/docker-credential-oracle'));
  return folder;
}

export function environment({ place }: LoginCase, folder: string): NodeJS.ProcessEnv {
  return {
    PATH: `${join(folder, 'bin')}:${process.env['PATH']}`,
    HOME: join(folder, 'home'),
    CREDENTIAL_STORE: join(folder, 'store'),
    BUILDAH_ISOLATION: 'chroot',
    ...place.env(folder),
  };
}

/** What we read of the machine; `/run/containers` is the folder that the tool had there. */
export function accessOf({ place }: LoginCase, folder: string): DockerConfigAccess {
  const env = environment({ place } as LoginCase, folder);
  const system = systemDockerConfig(env);
  const run = place.run?.(folder);
  return run === undefined
    ? { ...system, uid: undefined }
    : {
        ...system,
        readFile: (path) =>
          readFile(path.replace(/^\/run\/containers/, run), 'utf8').catch(() => undefined),
      };
}

let cranePath: string | undefined;

/** `npm run test:oracles` builds it. */
function crane(): string {
  const build = resolve(__dirname, '../../../dev/tools/build.mjs');
  cranePath ??= execFileSync('node', [build, '--where', 'cosign'], { encoding: 'utf8' }).trim();
  return join(cranePath, 'crane');
}

/** @throws Error with what the tool printed */
export async function logIn(one: LoginCase, folder: string, host: string): Promise<void> {
  const { tool, place, way } = one;
  const file = place.file(folder);
  const isContainers = CONTAINERS.includes(tool);
  await mkdir(dirname(file), { recursive: true });
  if (way.before) await writeFile(file, JSON.stringify(way.before(host)));
  else if (isContainers) await writeFile(file, '{}');
  const server = way.namespace === undefined ? host : `${host}/${way.namespace}`;
  const flags = isContainers ? ['--tls-verify=false', ...(place.flags?.(folder) ?? [])] : [];
  const verb = tool === 'crane' ? ['auth', 'login'] : ['login'];
  const args = [...verb, ...flags, '-u', USER, '--password-stdin', server];
  const program = tool === 'crane' ? crane() : tool;
  const run = place.run?.(folder);
  // In a separate mount namespace, so that the machine's own credentials do not change.
  const mounted = ['mkdir -p /run/containers; mount --bind "$0" /run/containers && exec "$@"'];
  const [command, ...rest] =
    run === undefined
      ? [program, ...args]
      : ['unshare', '--mount', 'sh', '-c', ...mounted, run, program, ...args];
  const { code, output } = await runCommand(command, rest, environment(one, folder), PASSWORD);
  if (code !== 0) throw new Error(`${tool} login failed: ${output}`);
}
