import type { Builder } from './builder';
import { buildWithContainers, unsupportedByContainers } from './containers-tool';
import { probe, refusal } from './process';
import { type BuilderDeps, environmentOf, inSession } from './session';

/**
 * `buildah build`, without any daemon. It works in places where nothing else does, as root in a
 * container or virtual machine without FUSE, user namespaces or cgroups.
 */
export function buildahBuilder(deps: BuilderDeps): Builder {
  return {
    name: 'buildah',
    unavailable: async (request) =>
      (await unsupportedByContainers(request)) ??
      (await storage(environmentOf(deps, request))).refused,
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
          },
          deps.env,
        );
      }),
  };
}

interface Storage {
  readonly flags: readonly string[];
  readonly refused?: string | undefined;
}

/** The machine's own storage; where its driver does not work, the one that works everywhere. */
async function storage(env: NodeJS.ProcessEnv): Promise<Storage> {
  const own = await probe('buildah', ['info'], env);
  if (own === undefined || own.code === 0) return { flags: [], refused: refusal('buildah', own) };
  const flags = ['--storage-driver', 'vfs'];
  return { flags, refused: refusal('buildah', await probe('buildah', [...flags, 'info'], env)) };
}

/**
 * chroot needs no OCI runtime, no cgroups and no namespaces, so a build is the same on a laptop and
 * in a CI container. `BUILDAH_ISOLATION` chooses another.
 */
function isolation(env: NodeJS.ProcessEnv): readonly string[] {
  return env['BUILDAH_ISOLATION'] ? [] : ['--isolation', 'chroot'];
}
