import { type Digest } from '../oci/digest';
import { writeDockerConfig } from './auth-file';
import type { BuildRequest } from './builder';
import { probe, refusal } from './probe';
import { type BuildSession, claimedDigest } from './session';

/** Why there is no docker daemon to talk to. */
export async function daemonRefusal(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const answer = await probe('docker', ['version', '--format', '{{.Server.Version}}'], env);
  return refusal('docker', answer);
}

/** Variables that give docker the login that pushes: the declared one, or the user's. */
export function dockerLogin(
  { folder, request, login }: BuildSession,
  env: NodeJS.ProcessEnv,
): Promise<NodeJS.ProcessEnv> {
  return writeDockerConfig({ folder, repository: request.reference.repository, login, env });
}

/** The TLS settings of a registry are the daemon's; a request cannot change them. */
export function tellDaemonsBusiness({ request, log }: BuildSession, who: string): void {
  if (request.registry.caFile !== undefined) {
    log(`registry.caFile is not handed to ${who}: install it where ${who} looks for authorities`);
  }
}

const PUSHED = /\bdigest: (sha256:[0-9a-f]{64})\b/;

/**
 * Pushes the tagged image that the daemon holds. The digest is the one that the daemon reports for
 * this push, not that of a later look at the tag.
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
  await untagInDaemon(session, env);
  return digest;
}

/** A tag that we made up would pile up; the layers stay, they are the cache of the next build. */
async function untagInDaemon(session: BuildSession, env: NodeJS.ProcessEnv): Promise<void> {
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
