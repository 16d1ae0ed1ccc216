import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  type DebianRegistry,
  type Engine,
  startBuildkit,
  startContainers,
  startDebianRegistry,
  startDocker,
} from '../../../dev/builders';
import {
  type BuildRequest,
  type BuildResult,
  type CommandBuilderName,
  createBuilder,
  setDeclaredTag,
} from '../../../src/build';
import { createRegistryClient } from '../../../src/oci';

/** A builder of ours on a real engine. */
export interface RealBuilder {
  /** For tables and test names. */
  readonly name: string;
  readonly builder: CommandBuilderName;
  readonly engine: Engine;
}

/** Names of the builders; each runs on the engine that `startWorkshop` starts for it. */
export const REAL_BUILDERS = [
  'buildx, BuildKit 0.26',
  'buildx, dockerd 20.10',
  'docker',
  'podman',
  'buildah',
] as const;
export type RealBuilderName = (typeof REAL_BUILDERS)[number];

export interface Workshop {
  readonly registry: DebianRegistry;
  readonly builders: Readonly<Record<RealBuilderName, RealBuilder>>;
  stop(): Promise<void>;
}

export interface Built {
  readonly result: BuildResult;
  readonly log: readonly string[];
}

/**
 * Starts Debian's registry and every engine beside it.
 *
 * @param further - Ports of further registries on loopback.
 */
export async function startWorkshop(further: readonly number[] = []): Promise<Workshop> {
  const folder = mkdtempSync(join(tmpdir(), 'workshop-'));
  const registry = await startDebianRegistry({ folder: join(folder, 'registry') });
  const reaches = [registry.port, ...further];
  const started = await Promise.allSettled([
    startBuildkit({ folder: join(folder, 'buildkit'), reaches }),
    startDocker({ folder: join(folder, 'docker'), reaches, buildx: true }),
    startContainers({ folder: join(folder, 'podman'), reaches }),
    startContainers({ folder: join(folder, 'buildah'), reaches }),
  ]);
  const engines = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const stop = async (): Promise<void> => {
    await Promise.all([...engines, registry].map((each) => each.stop()));
    await rm(folder, { recursive: true, force: true });
  };
  const failure = started.find((each) => each.status === 'rejected');
  if (failure !== undefined) {
    await stop();
    throw failure.reason;
  }
  const [buildkit, docker, podman, buildah] = engines as [Engine, Engine, Engine, Engine];
  const of = (name: RealBuilderName, builder: CommandBuilderName, engine: Engine) => ({
    name,
    builder,
    engine,
  });
  return {
    registry,
    stop,
    builders: {
      'buildx, BuildKit 0.26': of('buildx, BuildKit 0.26', 'buildx', buildkit),
      'buildx, dockerd 20.10': of('buildx, dockerd 20.10', 'buildx', docker),
      docker: of('docker', 'docker', docker),
      podman: of('podman', 'podman', podman),
      buildah: of('buildah', 'buildah', buildah),
    },
  };
}

/** Builds and pushes with a builder of ours, as the plugin does. */
export async function buildWith(real: RealBuilder, request: BuildRequest): Promise<Built> {
  const { env, buildxBuilder } = real.engine;
  const builder = createBuilder(real.builder, { env });
  const own: BuildRequest =
    real.builder === 'buildx' && buildxBuilder !== undefined
      ? { ...request, buildxBuilder }
      : request;
  const refused = await builder.unavailable(own);
  if (refused !== undefined) throw new Error(`${real.name}: ${refused}`);
  const log: string[] = [];
  const result = await builder
    .build(own, (line) => log.push(line))
    .catch((error: unknown) => {
      throw Object.assign(error as Error, { log });
    });
  const { repository } = request.reference;
  const client = createRegistryClient({
    registry: { host: repository.registry, ...request.registry },
  });
  await setDeclaredTag(client, repository, result).finally(() => client.close());
  return { result, log };
}
