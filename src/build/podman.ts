import type { Builder, BuildRequest } from './builder';
import type { ContainersTool } from './containers-program';
import { buildWithContainers, unsupportedByContainers } from './containers-tool';
import { probe, unavailableReason } from './process';
import { type BuilderDeps, environmentOf, inSession } from './session';

const PODMAN: ContainersTool = {
  program: 'podman',
  global: [],
  build: [],
  pull: [],
  inspect: ['image', 'inspect'],
  removeContainer: ['rm', '--force'],
  storage: '{{.Store.GraphRoot}} {{.Store.GraphDriverName}}',
};

function unsupportedByIsolation(
  { network }: BuildRequest,
  env: NodeJS.ProcessEnv,
): string | undefined {
  if (network !== 'none' || env['BUILDAH_ISOLATION'] !== 'chroot') return undefined;
  return '`build.network`: podman does not support `none` with BUILDAH_ISOLATION=chroot; unset the variable';
}

/** Prints `true` if podman is only the client of a service: podman machine, or `CONTAINER_HOST`. */
const INFO = ['info', '--format', '{{.Host.ServiceIsRemote}}'];

/**
 * Returns why a service of podman cannot build the request. What its client does not send is replaced by what the
 * machine of the service has: an empty secret, or another folder of the same path.
 *
 * https://github.com/containers/podman/blob/v4.3.1/pkg/bindings/images/build.go (`Build`)
 */
async function unsupportedByService(
  { secrets, ssh = [], contexts = {} }: BuildRequest,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const input = [
    ...(Object.keys(secrets).length > 0 ? ['build.secrets'] : []),
    ...(ssh.length > 0 ? ['build.ssh'] : []),
    ...(Object.values(contexts).some(({ kind }) => kind === 'folder') ? ['build.contexts'] : []),
  ].at(0);
  if (input !== undefined) {
    return (
      `\`${input}\`: the remote client of podman (podman machine, CONTAINER_HOST) does not send it to its service; ` +
      'run podman on the machine itself, or use buildx'
    );
  }
  const help = await probe('podman', ['push', '--help'], env);
  return help?.stdout.some((line) => line.includes('--digestfile'))
    ? undefined
    : 'the remote client of this podman does not report the digest that it pushed (`--digestfile`); update podman, or run it on the machine itself';
}

async function unavailableService(
  request: BuildRequest,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const info = await probe('podman', INFO, env);
  const reason = unavailableReason('podman', info);
  if (reason !== undefined || info?.stdout.at(-1)?.trim() !== 'true') return reason;
  return unsupportedByService(request, env);
}

/** Creates the builder that runs `podman build`: without a daemon on Linux, with podman machine on other systems. */
export function podmanBuilder(deps: BuilderDeps): Builder {
  return {
    name: 'podman',
    unavailable: async (request) =>
      (await unsupportedByContainers('podman', request)) ??
      unsupportedByIsolation(request, deps.env) ??
      (await unavailableService(request, environmentOf(deps, request))),
    build: (request, log, options) =>
      inSession('podman', deps, [request, log, options], (session) =>
        buildWithContainers(session, PODMAN, deps.env),
      ),
  };
}
