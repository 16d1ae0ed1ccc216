import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { SignedImageError } from '../error';
import { type Digest } from '../oci/digest';
import { writeDockerConfig } from './auth-file';
import type { BuildRequest } from './builder';
import { probe, refusal } from './process';
import { type BuildSession, claimedDigest } from './session';

/** Why there is no docker daemon to talk to. */
export async function daemonRefusal(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const answer = await probe('docker', ['version', '--format', '{{.Server.Version}}'], env);
  return refusal('docker', answer);
}

/** Variables that give docker the login that pushes: the declared one, or the user's. */
export function dockerLogin(
  { folder, request, login, env: builderEnv }: BuildSession,
  env: NodeJS.ProcessEnv,
): Promise<NodeJS.ProcessEnv> {
  const { repository } = request.reference;
  return writeDockerConfig({ folder, repository, login, env, builderEnv });
}

/** The TLS settings of a registry are the daemon's; a request cannot change them. */
export function logDaemonWork({ request, log }: BuildSession, who: string): void {
  if (request.registry.caFile !== undefined) {
    log(`registry.caFile is not handed to ${who}: install it where ${who} looks for authorities`);
  }
  if (request.registry.clientCertificate !== undefined) {
    log(
      `registry.clientCertificate is not handed to ${who}: put it and its key into the certs.d folder that ${who} reads`,
    );
  }
}

const PUSHED = /\bdigest: (sha256:[0-9a-f]{64})\b/;

/** Makes a build write the id of the image that it made, for `pushFromDaemon`. */
export function imageIdFlags(session: BuildSession): readonly string[] {
  return ['--iidfile', join(session.folder, IMAGE_ID_FILE)];
}

const IMAGE_ID_FILE = 'image-id';

/**
 * Pushes the tagged image that the daemon holds. The digest is the one that the daemon reports for
 * this push, not that of a later look at the tag.
 *
 * @throws SignedImageError `BUILD_FAILED` if the tag was another image's when it was pushed
 */
export async function pushFromDaemon(
  session: BuildSession,
  userEnv: NodeJS.ProcessEnv,
): Promise<Digest> {
  // Again: what a helper gave before the build may have ended during it.
  const env = await dockerLogin(session, userEnv);
  const said = await session.run({
    label: 'docker push',
    program: 'docker',
    args: ['push', session.target],
    env,
    property: 'image',
  });
  const digest = claimedDigest(said.map((line) => PUSHED.exec(line)?.[1]).findLast(Boolean) ?? '');
  await checkPushedImage(session, env, digest);
  await untagInDaemon(session, env);
  return digest;
}

/** Tags belong to the whole daemon: another build may have moved ours between build and push. */
async function checkPushedImage(
  session: BuildSession,
  env: NodeJS.ProcessEnv,
  digest: Digest,
): Promise<void> {
  const id = (await readFile(join(session.folder, IMAGE_ID_FILE), 'utf8').catch(() => '')).trim();
  const inspected = await session.run({
    label: 'docker image inspect',
    program: 'docker',
    args: ['image', 'inspect', '--format', '{{json .RepoDigests}}', id],
    env,
    quiet: true,
    property: 'image',
  });
  if (inspected.join('').includes(`@${digest}"`)) return;
  throw new SignedImageError({
    code: 'BUILD_FAILED',
    property: 'image',
    message:
      `what was pushed as ${session.target} is not the image that this build made: another build ` +
      'moved the tag in the local store; run it again, or leave the tag out of the image',
  });
}

/** A tag that we made up would pile up; the layers stay, they are the cache of the next build. */
export async function untagInDaemon(session: BuildSession, env: NodeJS.ProcessEnv): Promise<void> {
  if (session.request.reference.tag !== undefined) return;
  await session.tidy({
    label: 'docker image rm',
    program: 'docker',
    args: ['image', 'rm', '--no-prune', session.target],
    env,
    property: 'build',
  });
}

/** `--platform` where platforms were declared. */
export function platformFlags({ platforms }: BuildRequest): readonly string[] {
  return platforms.length > 0 ? ['--platform', platforms.join(',')] : [];
}
