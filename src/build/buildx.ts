import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Digest } from '../oci/digest';
import { parseBoundedJson } from '../http/json-bounds';
import { pullBases } from './base-pull';
import type { Builder, BuildRequest } from './builder';
import {
  daemonRefusal,
  dockerLogin,
  imageIdFlags,
  platformFlags,
  pushFromDaemon,
  logDaemonWork,
} from './docker-cli';
import { valueEnvironment } from './environment';
import { commonFlags, secretFlags } from './flags';
import { probe, refusal } from './process';
import {
  type BuilderDeps,
  type BuildSession,
  claimedDigest,
  environmentOf,
  inSession,
} from './session';

/**
 * `docker buildx build`: BuildKit in the daemon, in a container, on another machine or in
 * Kubernetes, by the buildx builder that `buildxBuilder` names.
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
  if (version === undefined) return refusal('docker', version);
  if (version.code !== 0) return 'docker has no buildx plugin (`docker buildx version` fails)';
  const { driver, refused } = await inspect(request, env);
  if (refused !== undefined) return refused;
  if (driver !== 'docker') return undefined;
  const daemon = await daemonRefusal(env);
  if (daemon !== undefined) return daemon;
  if (request.platforms.length < 2 || (await hasContainerdStore(env))) return undefined;
  return (
    'the docker driver builds one platform only; make a builder with `docker buildx create ' +
    '--driver docker-container` and name it in build.buildxBuilder'
  );
}

interface Inspected {
  readonly driver?: string | undefined;
  readonly refused?: string | undefined;
}

async function inspect(request: BuildRequest, env: NodeJS.ProcessEnv): Promise<Inspected> {
  const named = request.buildxBuilder === undefined ? [] : [request.buildxBuilder];
  const answer = await probe('docker', ['buildx', 'inspect', ...named], env);
  const refused = refusal('docker buildx', answer);
  if (refused !== undefined) return { refused };
  const line = answer?.stdout.find((text) => text.startsWith('Driver:'));
  return { driver: line?.slice('Driver:'.length).trim() };
}

/** With it the daemon's BuildKit pushes itself, indexes too. */
async function hasContainerdStore(env: NodeJS.ProcessEnv): Promise<boolean> {
  const answer = await probe('docker', ['info', '--format', '{{json .DriverStatus}}'], env);
  return answer?.stdout.some((line) => line.includes('io.containerd.snapshotter')) ?? false;
}

async function buildAndPush(session: BuildSession, deps: BuilderDeps): Promise<Digest> {
  const { request } = session;
  logDaemonWork(session, 'BuildKit');
  const login = await dockerLogin(session, deps.env);
  const env = environmentOf(deps, request);
  const { driver } = await inspect(request, env);
  // The docker driver without containerd's store leaves the push to the daemon, and buildx then
  // takes the digest from a look at the tag, which somebody else may have moved. `docker push` says
  // what it pushed.
  const byDaemon = driver === 'docker' && !(await hasContainerdStore(env));
  // BuildKit in the daemon takes a base of the daemon's store without asking its registry.
  if (driver === 'docker')
    await pullBases(
      session,
      { program: 'docker', args: ['pull'], env: login },
      request.platforms.length === 1 ? request.platforms[0] : undefined,
    );
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
      ...platformFlags(request),
      ...secretFlags(request.secrets),
      ...request.cacheFrom.flatMap((entry) => ['--cache-from', entry]),
      ...request.cacheTo.flatMap((entry) => ['--cache-to', entry]),
      '--metadata-file',
      metadata,
      '--tag',
      session.target,
      ...(byDaemon ? ['--load', ...imageIdFlags(session)] : outputFlags(request)),
      request.context,
    ],
    env: {
      ...valueEnvironment(request),
      ...login,
      // BuildKit's own provenance would turn every image into an index with an unsigned statement
      // in it. The variable is understood by more versions than `--provenance=false`.
      BUILDX_NO_DEFAULT_ATTESTATIONS: '1',
    },
    property: 'build',
  });
  return byDaemon
    ? pushFromDaemon(session, deps.env)
    : claimedDigest(await metadataDigest(metadata));
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
    // No file, or none that is metadata: the digest is missing, and the error says so.
    return '';
  }
}
