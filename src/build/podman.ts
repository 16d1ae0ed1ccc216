import type { Builder } from './builder';
import {
  buildWithContainers,
  type ContainersTool,
  unsupportedByContainers,
} from './containers-tool';
import { probe, refusal } from './process';
import { type BuilderDeps, environmentOf, inSession } from './session';

const PODMAN: ContainersTool = {
  program: 'podman',
  global: [],
  build: [],
  pull: [],
  inspect: ['image', 'inspect'],
};

/** `podman build`, without a daemon on Linux, with podman's machine elsewhere. */
export function podmanBuilder(deps: BuilderDeps): Builder {
  return {
    name: 'podman',
    unavailable: async (request) =>
      (await unsupportedByContainers(request)) ??
      refusal('podman', await probe('podman', ['info'], environmentOf(deps, request))),
    build: (request, log, options) =>
      inSession('podman', deps, [request, log, options], (session) =>
        buildWithContainers(session, PODMAN, deps.env),
      ),
  };
}
