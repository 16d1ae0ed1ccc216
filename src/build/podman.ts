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

/** Creates the builder that runs `podman build`: without a daemon on Linux, with podman machine on other systems. */
export function podmanBuilder(deps: BuilderDeps): Builder {
  return {
    name: 'podman',
    unavailable: async (request) =>
      (await unsupportedByContainers('podman', request)) ??
      unsupportedByIsolation(request, deps.env) ??
      unavailableReason('podman', await probe('podman', ['info'], environmentOf(deps, request))),
    build: (request, log, options) =>
      inSession('podman', deps, [request, log, options], (session) =>
        buildWithContainers(session, PODMAN, deps.env),
      ),
  };
}
