import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { type Digest } from '../oci/digest';
import { writeDockerConfig } from './auth-file';
import type { BuildRequest, PushedImage } from './builder';
import { isLoopback } from '../http/local-address';
import { parseBoundedJson } from '../http/json-bounds';
import { resultMismatch } from './image-result';
import { probe, unavailableReason } from './process';
import { type BuildSession, claimedDigest } from './session';

/** Returns why the docker daemon is unavailable; `undefined` if it is available. */
export async function daemonUnavailableReason(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const result = await probe('docker', SERVER_VERSION, env);
  return unavailableReason('docker', result);
}

/** Returns the version of the docker daemon, if it reports one. */
export async function daemonVersion(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const result = await probe('docker', SERVER_VERSION, env);
  return result?.stdout.map((line) => line.trim()).find((line) => /^\d/.test(line));
}

const SERVER_VERSION = ['version', '--format', '{{.Server.Version}}'];

/** Returns the variables with which docker uses the login for the push: the declared one, or the user's. */
export function dockerLogin(
  { folder, request, login, env: builderEnv }: BuildSession,
  env: NodeJS.ProcessEnv,
): Promise<NodeJS.ProcessEnv> {
  const { repository } = request.reference;
  return writeDockerConfig({ folder, repository, login, env, builderEnv });
}

/**
 * Logs before the build that the daemon would not push without verified TLS, although `registry.insecure` is
 * declared: the daemon's own configuration decides.
 */
export async function logDaemonInsecure(
  { request, log }: BuildSession,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const { registry } = request.reference.repository;
  if (!request.registry.insecure || isLoopback(new URL(`http://${registry}`))) return;
  const result = await probe('docker', ['info', '--format', '{{json .RegistryConfig}}'], env);
  // Without an answer nothing is known, and the push reports it.
  if (result?.code !== 0 || isListedAsInsecure(result.stdout.join(''), registry)) return;
  log(
    `registry.insecure cannot be passed to the docker daemon, and its insecure-registries do not list ${registry}: ` +
      'the push fails unless the registry has a certificate that the daemon trusts; add it to daemon.json, or use podman or buildah',
  );
}

/** Entries with a network (`10.0.0.0/8`) may match an address or a name, so then nothing is reported. */
function isListedAsInsecure(info: string, registry: string): boolean {
  try {
    const config = parseBoundedJson(info) as {
      readonly IndexConfigs?: Readonly<Record<string, { readonly Secure?: boolean }>>;
      readonly InsecureRegistryCIDRs?: readonly string[] | null;
    } | null;
    const networks = (config?.InsecureRegistryCIDRs ?? []).filter((each) => !LOOPBACK.has(each));
    return networks.length > 0 || config?.IndexConfigs?.[registry]?.Secure === false;
  } catch {
    return true;
  }
}

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.0/8', '::1/128']);

/** Logs that `caFile` and `clientCertificate` have no effect: the daemon configures the TLS settings of a registry, not the request. */
export function logDaemonTls({ request, log }: BuildSession, daemon: string): void {
  if (request.registry.caFile !== undefined) {
    log(
      `registry.caFile cannot be passed to ${daemon}: install it in the certificate folder of ${daemon}`,
    );
  }
  if (request.registry.clientCertificate !== undefined) {
    log(
      `registry.clientCertificate cannot be passed to ${daemon}: install it with its key in the certs.d folder of ${daemon}`,
    );
  }
}

const PUSHED = /\bdigest: (sha256:[0-9a-f]{64})\b/;

/** Returns the flags with which a build writes the id of its image, for `pushFromDaemon`. */
export function imageIdFlags(session: BuildSession): readonly string[] {
  return ['--iidfile', join(session.folder, IMAGE_ID_FILE)];
}

const IMAGE_ID_FILE = 'image-id';

/**
 * Pushes the tagged image in the daemon's store. The digest is the one that the daemon reports for
 * this push, not resolved from the tag afterwards.
 *
 * @throws SignedImageError `BUILD_RESULT_MISMATCH` if the tag pointed to another image when it was pushed
 */
export async function pushFromDaemon(
  session: BuildSession,
  userEnv: NodeJS.ProcessEnv,
): Promise<PushedImage> {
  // Written again: credentials from a helper may have expired during the build.
  const env = await dockerLogin(session, userEnv);
  const output = await session.run({
    label: 'docker push',
    program: 'docker',
    args: ['push', session.target],
    env,
    property: 'image',
  });
  const digest = claimedDigest(
    output.map((line) => PUSHED.exec(line)?.[1]).findLast(Boolean) ?? '',
  );
  const id = await checkPushedImage(session, env, digest);
  await untagInDaemon(session, env);
  return { digest, imageIds: [id] };
}

/**
 * Tags are shared by the whole daemon: another build may have moved ours between build and push.
 *
 * @returns the id of the image
 */
async function checkPushedImage(
  session: BuildSession,
  env: NodeJS.ProcessEnv,
  digest: Digest,
): Promise<string> {
  const id = (await readFile(join(session.folder, IMAGE_ID_FILE), 'utf8').catch(() => '')).trim();
  const inspected = await session.run({
    label: 'docker image inspect',
    program: 'docker',
    args: ['image', 'inspect', '--format', '{{json .RepoDigests}}', id],
    env,
    quiet: true,
    property: 'image',
  });
  if (inspected.join('').includes(`@${digest}"`)) return id;
  throw resultMismatch(
    'image',
    `the image that was pushed as ${session.target} is not the image of this build: another build ` +
      'moved the tag in the local store; run again, or remove the tag from `image`',
  );
}

/** Removes a generated tag, which would accumulate; the layers stay as the cache of the next build. */
export async function untagInDaemon(session: BuildSession, env: NodeJS.ProcessEnv): Promise<void> {
  if (session.request.reference.tag !== undefined) return;
  await session.cleanUp({
    label: 'docker image rm',
    program: 'docker',
    args: ['image', 'rm', '--no-prune', session.target],
    env,
    property: 'build',
  });
}

/** Returns `--platform` if platforms were declared. */
export function platformFlags({ platforms }: BuildRequest): readonly string[] {
  return platforms.length > 0 ? ['--platform', platforms.join(',')] : [];
}
