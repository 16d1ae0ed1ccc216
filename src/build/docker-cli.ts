import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { SignedImageError } from '../error';
import { type Digest } from '../oci/digest';
import { formatReference } from '../oci/reference';
import { writeDockerConfig } from './auth-file';
import type { BuildRequest, PushedImage } from './builder';
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

const PUSHED = /\bdigest: (sha256:[0-9a-f]{64})\b/;

/**
 * Returns the local name of an image in the daemon, `host/path:tag` with a tag that only this build uses:
 * names are shared by the whole daemon, and another job can move the declared tag between build and push.
 */
export function ownName({ request, uniqueTag }: BuildSession): string {
  return formatReference({ repository: request.reference.repository, tag: uniqueTag });
}

/** Returns the flags with which a build names its image, and writes its id for `imageIdOf`. */
export function ownImageFlags(session: BuildSession): readonly string[] {
  return ['--tag', ownName(session), '--iidfile', join(session.folder, IMAGE_ID_FILE)];
}

const IMAGE_ID_FILE = 'image-id';

/** Returns the id of the image that a build with `ownImageFlags` created. @throws SignedImageError `BUILD_FAILED` */
export async function imageIdOf(session: BuildSession): Promise<string> {
  const text = await readFile(join(session.folder, IMAGE_ID_FILE), 'utf8').catch(() => '');
  const id = text.trim();
  if (/^sha256:[0-9a-f]{64}$/.test(id)) return id;
  throw new SignedImageError({
    code: 'BUILD_FAILED',
    property: 'build.builder',
    message:
      'the builder did not report the id of the image that it built (`--iidfile`); update docker, or set `build.builder` to another builder',
  });
}

/**
 * Pushes the image under its unique tag. The digest is the one that the daemon reports for this push, not
 * resolved from the tag afterwards. The declared tag is not pushed: `setDeclaredTag` sets it in the registry.
 *
 * @throws SignedImageError `BUILD_RESULT_MISMATCH` if another image was pushed
 */
export async function pushFromDaemon(
  session: BuildSession,
  userEnv: NodeJS.ProcessEnv,
): Promise<PushedImage> {
  const id = await imageIdOf(session);
  // Written again: credentials from a helper may have expired during the build.
  const env = await dockerLogin(session, userEnv);
  const output = await session.run({
    label: 'docker push',
    program: 'docker',
    args: ['push', ownName(session)],
    env,
    property: 'image',
  });
  const digest = claimedDigest(
    output.map((line) => PUSHED.exec(line)?.[1]).findLast(Boolean) ?? '',
  );
  await checkPushedImage(session, env, id, digest);
  await keepDeclaredName(session, env, id);
  return { digest, imageIds: [id], pushedTag: session.uniqueTag };
}

/** Whoever can use the daemon can also move a unique tag. */
async function checkPushedImage(
  session: BuildSession,
  env: NodeJS.ProcessEnv,
  id: string,
  digest: Digest,
): Promise<void> {
  const inspected = await session.run({
    label: 'docker image inspect',
    program: 'docker',
    args: ['image', 'inspect', '--format', '{{json .RepoDigests}}', id],
    env,
    quiet: true,
    property: 'image',
  });
  if (inspected.join('').includes(`@${digest}"`)) return;
  const name = ownName(session);
  throw resultMismatch(
    'image',
    `the image that was pushed as ${name} is not the image of this build: something ` +
      'moved the tag in the local store',
  );
}

/** As after `docker build --tag`: the image has the declared tag in the daemon, which also keeps its layers as a cache. */
async function keepDeclaredName(
  session: BuildSession,
  env: NodeJS.ProcessEnv,
  id: string,
): Promise<void> {
  if (session.request.reference.tag === undefined) return;
  await session.run({
    label: 'docker image tag',
    program: 'docker',
    args: ['image', 'tag', id, session.target],
    env,
    property: 'image',
  });
}

/**
 * Runs what builds and pushes an image under its own name, and removes the name afterwards, which would
 * accumulate; the layers stay as the cache of the next build.
 */
export async function withOwnName<Result>(
  session: BuildSession,
  env: NodeJS.ProcessEnv,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } finally {
    await removeOwnName(session, env);
  }
}

async function removeOwnName(session: BuildSession, env: NodeJS.ProcessEnv): Promise<void> {
  await session.cleanUp({
    label: 'docker image rm',
    program: 'docker',
    args: ['image', 'rm', '--no-prune', ownName(session)],
    env,
    property: 'build',
    // A build that failed or was cancelled may not have created the name.
    nothingToDo: /No such image/i,
  });
}

/** Returns `--platform` if platforms were declared. */
export function platformFlags({ platforms }: BuildRequest): readonly string[] {
  return platforms.length > 0 ? ['--platform', platforms.join(',')] : [];
}
