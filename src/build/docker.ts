import type { Builder, BuildRequest } from './builder';
import {
  daemonUnavailableReason,
  dockerLogin,
  imageIdOf,
  ownImageFlags,
  platformFlags,
  pushFromDaemon,
  withOwnName,
} from './docker-cli';
import { unsupportedInput } from './capabilities';
import { pullBases } from './base-pull';
import { checkBuiltImage, readDockerfile } from './built-image';
import { unsentByClassicDocker } from './classic-context';
import { valueEnvironment } from './environment';
import { cacheRepositories, commonFlags } from './flags';
import { logDaemonSettings } from './daemon-settings';
import { ownIgnoreFile } from './ignore-file';
import { unsupportedByClassicDocker } from './image-config';
import { type BuilderDeps, type BuildSession, environmentOf, inSession } from './session';

/**
 * Creates the builder that runs `docker build` with the classic builder of the daemon, for machines
 * without buildx. It supports one platform, and does not support build secrets or cache export.
 */
export function dockerBuilder(deps: BuilderDeps): Builder {
  return {
    name: 'docker',
    unavailable: async (request) =>
      (await unsupported(request)) ?? (await daemonUnavailableReason(environmentOf(deps, request))),
    build: (request, log, options) =>
      inSession('docker', deps, [request, log, options], (session) => buildAndPush(session, deps)),
  };
}

async function unsupported(request: BuildRequest): Promise<string | undefined> {
  const missing = unsupportedInput('docker', request);
  if (missing !== undefined) return missing;
  // It would send more than the content hash covers.
  const own = await ownIgnoreFile(request.dockerfile);
  if (own) return `the classic docker builder does not read ${own}`;
  return (
    (await unsentByClassicDocker(request)) ??
    unsupportedByClassicDocker(await readDockerfile(request))
  );
}

/** The cache ignores the platform: layers of another platform would be used. */
function cacheFlags({ cacheFrom, platforms }: BuildRequest): readonly string[] {
  if (platforms.length > 0 && cacheFrom.length === 0) return ['--no-cache'];
  return (cacheRepositories(cacheFrom) ?? []).flatMap((image) => ['--cache-from', image]);
}

async function buildAndPush(session: BuildSession, deps: BuilderDeps) {
  const { request } = session;
  const env = environmentOf(deps, request);
  await logDaemonSettings(session, { env, daemon: 'docker', insecure: true });
  const login = { ...(await dockerLogin(session, deps.env)), DOCKER_BUILDKIT: '0' };
  await pullBases(session, { program: 'docker', args: ['pull'], env: login }, request.platforms[0]);
  return withOwnName(session, login, () => build(session, login, deps));
}

async function build(session: BuildSession, login: NodeJS.ProcessEnv, deps: BuilderDeps) {
  const { request } = session;
  await session.run({
    label: 'docker build',
    program: 'docker',
    args: [
      'build',
      // Otherwise the container of a RUN that failed or was stopped stays in the daemon.
      '--force-rm',
      ...commonFlags(request),
      ...(request.pull ? ['--pull'] : []),
      ...platformFlags(request),
      ...cacheFlags(request),
      ...ownImageFlags(session),
      request.context,
    ],
    env: { ...valueEnvironment(request), ...login },
    property: 'build',
  });
  await checkBuiltImage(session, request.platforms[0], {
    label: 'docker image inspect',
    program: 'docker',
    args: ['image', 'inspect', await imageIdOf(session)],
    env: login,
  });
  return pushFromDaemon(session, deps.env);
}
