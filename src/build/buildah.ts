import type { Builder } from './builder';
import { buildWithContainers, unsupportedByContainers } from './containers-tool';
import { probe, unavailableReason } from './process';
import { type BuilderDeps, environmentOf, inSession } from './session';

/**
 * Creates the builder that runs `buildah build`. It does not need a daemon, and also works as root in
 * a container or virtual machine without FUSE, user namespaces or cgroups.
 */
export function buildahBuilder(deps: BuilderDeps): Builder {
  return {
    name: 'buildah',
    unavailable: async (request) =>
      (await unsupportedByContainers('buildah', request)) ??
      (await storage(environmentOf(deps, request))).reason,
    build: (request, log, options) =>
      inSession('buildah', deps, [request, log, options], async (session) => {
        const { flags } = await storage(environmentOf(deps, request));
        return buildWithContainers(
          session,
          {
            program: 'buildah',
            global: flags,
            build: isolation(deps.env),
            pull: ['--policy', 'always'],
            inspect: ['inspect', '--type', 'image'],
            removeContainer: ['rm'],
            storage: '{{.store.GraphRoot}} {{.store.GraphDriverName}}',
          },
          deps.env,
        );
      }),
  };
}

interface Storage {
  readonly flags: readonly string[];
  readonly reason?: string | undefined;
}

/** Uses the configured storage driver; if it does not work, vfs, which works everywhere. */
async function storage(env: NodeJS.ProcessEnv): Promise<Storage> {
  const own = await probe('buildah', ['info'], env);
  if (own === undefined || own.code === 0)
    return { flags: [], reason: unavailableReason('buildah', own) };
  const flags = ['--storage-driver', 'vfs'];
  return {
    flags,
    reason: unavailableReason('buildah', await probe('buildah', [...flags, 'info'], env)),
  };
}

/**
 * chroot does not need an OCI runtime, cgroups or namespaces, so builds are equal on a laptop and in a
 * CI container. `BUILDAH_ISOLATION` overrides it.
 */
function isolation(env: NodeJS.ProcessEnv): readonly string[] {
  return env['BUILDAH_ISOLATION'] ? [] : ['--isolation', 'chroot'];
}
