import type { Builder } from './builder';
import {
  buildWithContainers,
  type ContainersTool,
  unsupportedByContainers,
} from './containers-tool';
import { probe, unavailableReason } from './process';
import { type BuilderDeps, environmentOf, inSession } from './session';

const PODMAN: ContainersTool = {
  program: 'podman',
  global: [],
  build: [],
  pull: [],
  inspect: ['image', 'inspect'],
};

/** Creates the builder that runs `podman build`: without a daemon on Linux, with podman machine on other systems. */
export function podmanBuilder(deps: BuilderDeps): Builder {
  return {
    name: 'podman',
    unavailable: async (request) =>
      (await unsupportedByContainers('podman', request)) ??
      unavailableReason('podman', await probe('podman', ['info'], environmentOf(deps, request))),
    build: (request, log, options) =>
      inSession('podman', deps, [request, log, options], (session) =>
        buildWithContainers(session, PODMAN, deps.env),
      ),
  };
}
