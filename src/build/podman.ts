import type { Builder } from './builder';
import {
  buildWithContainers,
  type ContainersTool,
  unsupportedByContainers,
} from './containers-tool';
import { probe, refusal } from './probe';
import { type BuilderDeps, environmentOf, inSession } from './session';

/** podman keeps its images as the layer cache of the next build, as docker does. */
const PODMAN: ContainersTool = { program: 'podman', global: [], build: [], removesImages: false };

/** `podman build`, without a daemon on Linux, with podman's machine elsewhere. */
export function podmanBuilder(deps: BuilderDeps): Builder {
  return {
    name: 'podman',
    unavailable: async (request) =>
      unsupportedByContainers(request) ??
      refusal('podman', await probe('podman', ['info'], environmentOf(deps, request))),
    build: (request, log, options) =>
      inSession('podman', deps, [request, log, options], (session) =>
        buildWithContainers(session, PODMAN, deps.env),
      ),
  };
}
