import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { parseBoundedJson } from '../http/json-bounds';
import { type BuilderVariant, unsupportedInput } from './capabilities';
import { pullBases } from './base-pull';
import type { Builder, BuildRequest, PushedImage } from './builder';
import {
  daemonUnavailableReason,
  daemonVersion,
  dockerLogin,
  ownImageFlags,
  platformFlags,
  pushFromDaemon,
  withOwnName,
} from './docker-cli';
import { logDaemonSettings } from './daemon-settings';
import { valueEnvironment } from './environment';
import { commonFlags, secretFlags } from './flags';
import { headerSafeContext } from './handed-paths';
import { probe, unavailableReason } from './process';
import { firstRawName } from './raw-names';
import {
  type BuilderDeps,
  type BuildSession,
  claimedDigest,
  environmentOf,
  inSession,
} from './session';

/**
 * Creates the builder that runs `docker buildx build`: BuildKit in the daemon, in a container, on
 * another machine or in Kubernetes, depending on the buildx builder (`buildxBuilder`).
 */
export function buildxBuilder(deps: BuilderDeps): Builder {
  return {
    name: 'buildx',
    unavailable: (request) => unavailable(request, environmentOf(deps, request)),
    build: (request, log, options) =>
      inSession('buildx', deps, [request, log, options], (session) => buildAndPush(session, deps)),
  };
}

async function unavailable(
  request: BuildRequest,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const version = await probe('docker', ['buildx', 'version'], env);
  if (version === undefined) return unavailableReason('docker', version);
  if (version.code !== 0)
    return 'the buildx plugin of docker is not installed (`docker buildx version` fails)';
  const { driver, reason } = await inspect(request, env);
  if (reason !== undefined) return reason;
  if (driver !== 'docker') return unsupportedInput('buildx-remote', request);
  const daemon = await daemonUnavailableReason(env);
  if (daemon !== undefined) return daemon;
  const variant = (await hasContainerdStore(env)) ? 'buildx-containerd' : 'buildx-docker';
  const unsupported =
    unsupportedInput(variant, request) ??
    (await unsupportedNames(variant, request)) ??
    (await unsupportedByDaemon(request, env));
  if (unsupported === undefined) return undefined;
  return (
    `${unsupported}. To have another driver, create a builder with \`docker buildx create --driver ` +
    'docker-container` and set `build.buildxBuilder` to its name'
  );
}

async function unsupportedNames(
  variant: BuilderVariant,
  request: BuildRequest,
): Promise<string | undefined> {
  const rawName = await firstRawName(request);
  const unsupported = unsupportedInput(variant, { ...request, rawName });
  return unsupported && `${unsupported} (${rawName}: rename it, or add it to the ignore file)`;
}

/** The BuildKit in Docker 20.10 does not have named contexts; other drivers have a BuildKit of their own. */
async function unsupportedByDaemon(
  { contexts = {} }: BuildRequest,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  if (Object.keys(contexts).length === 0) return undefined;
  const version = await daemonVersion(env);
  return version === undefined || Number.parseInt(version, 10) >= 23
    ? undefined
    : `\`build.contexts\`: named contexts require Docker 23 or later, and the daemon is ${version}`;
}

interface Inspected {
  readonly driver?: string | undefined;
  readonly reason?: string | undefined;
}

async function inspect(request: BuildRequest, env: NodeJS.ProcessEnv): Promise<Inspected> {
  const named = request.buildxBuilder === undefined ? [] : [request.buildxBuilder];
  const result = await probe('docker', ['buildx', 'inspect', ...named], env);
  const reason = unavailableReason('docker buildx', result);
  if (reason !== undefined) return { reason };
  const field = (name: string): string | undefined =>
    result?.stdout
      .find((text) => text.startsWith(`${name}:`))
      ?.slice(name.length + 1)
      .trim();
  const driver = field('Driver');
  // It succeeds without a driver if the docker daemon of the builder does not respond.
  if (!driver) return { reason: field('Error') ?? 'docker buildx did not report a driver' };
  return { driver };
}

/** Whether the daemon uses the containerd image store, with which its BuildKit can push images and indexes. */
async function hasContainerdStore(env: NodeJS.ProcessEnv): Promise<boolean> {
  const result = await probe('docker', ['info', '--format', '{{json .DriverStatus}}'], env);
  return result?.stdout.some((line) => line.includes('io.containerd.snapshotter')) ?? false;
}

async function buildAndPush(session: BuildSession, deps: BuilderDeps): Promise<PushedImage> {
  const { request } = session;
  const login = await dockerLogin(session, deps.env);
  const env = environmentOf(deps, request);
  const { driver } = await inspect(request, env);
  // With the docker driver and without the containerd store the daemon pushes, and buildx then resolves
  // the digest from the tag, which another build may have moved. `docker push` reports the digest that
  // it pushed.
  const byDaemon = driver === 'docker' && !(await hasContainerdStore(env));
  const daemon = driver === 'docker' ? 'docker' : 'buildkit';
  await logDaemonSettings(session, { env, daemon, insecure: byDaemon });
  // BuildKit in the daemon uses a base in the daemon's store without resolving it in its registry.
  if (driver === 'docker')
    await pullBases(
      session,
      { program: 'docker', args: ['pull'], env: login },
      request.platforms.length === 1 ? request.platforms[0] : undefined,
    );
  const build = (): Promise<PushedImage> => runBuildx(session, deps, { login, byDaemon });
  // The containerd store also keeps the name of what BuildKit in the daemon pushed.
  return driver === 'docker' ? withOwnName(session, login, build) : build();
}

interface BuildxRun {
  /** Variables with which docker uses the login for the push. */
  readonly login: NodeJS.ProcessEnv;
  /** Load the image into the daemon, which then pushes it. */
  readonly byDaemon: boolean;
}

async function runBuildx(
  session: BuildSession,
  deps: BuilderDeps,
  { login, byDaemon }: BuildxRun,
): Promise<PushedImage> {
  const { request } = session;
  const metadata = join(session.folder, 'metadata.json');
  await session.run({
    label: 'docker buildx build',
    program: 'docker',
    args: [
      'buildx',
      'build',
      ...(request.buildxBuilder === undefined ? [] : ['--builder', request.buildxBuilder]),
      '--progress',
      'plain',
      ...commonFlags(request),
      ...(request.pull ? ['--pull'] : []),
      ...(request.sbom ? ['--sbom=true'] : []),
      ...platformFlags(request),
      ...secretFlags(request.secrets),
      ...request.cacheFrom.flatMap((entry) => ['--cache-from', entry]),
      ...request.cacheTo.flatMap((entry) => ['--cache-to', entry]),
      '--metadata-file',
      metadata,
      ...(byDaemon
        ? ['--load', ...ownImageFlags(session)]
        : ['--tag', session.target, ...outputFlags(request)]),
      await headerSafeContext(request.context, session.folder),
    ],
    env: {
      ...valueEnvironment(request),
      ...login,
      // BuildKit's own provenance would turn every image into an index that contains an unsigned
      // statement. More versions support this variable than `--provenance=false`.
      BUILDX_NO_DEFAULT_ATTESTATIONS: '1',
    },
    property: 'build',
  });
  if (byDaemon) return pushFromDaemon(session, deps.env);
  return { digest: claimedDigest(await metadataDigest(metadata)) };
}

function outputFlags({ registry }: BuildRequest): readonly string[] {
  return registry.insecure && (registry.caFile ?? registry.clientCertificate) === undefined
    ? ['--output', 'type=registry,registry.insecure=true']
    : ['--push'];
}

/** https://docs.docker.com/reference/cli/docker/buildx/build/#metadata-file */
async function metadataDigest(path: string): Promise<string> {
  try {
    const metadata = parseBoundedJson(await readFile(path)) as Readonly<Record<string, unknown>>;
    return String(metadata['containerimage.digest'] ?? '');
  } catch {
    // The file is missing or invalid: reported as a missing digest.
    return '';
  }
}
