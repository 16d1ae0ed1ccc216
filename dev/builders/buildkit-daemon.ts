import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { startDaemon } from './daemon';
import { answers, installBuildx } from './docker-daemon';
import {
  type Engine,
  type EngineOptions,
  execute,
  homeEnvironment,
  removeEngineFolder,
} from './engine';
import { buildkitTool } from './tools';

/** The name of the buildx builder. */
const BUILDER = 'buildkit';

export interface BuildkitOptions extends EngineOptions {
  /** Registries with TLS: `host:port`, and the path of the CA's certificate (PEM). */
  readonly authorities?: Readonly<Record<string, string>>;
}

/**
 * Starts buildkitd without any Docker daemon, and a buildx builder with the driver `remote` for it.
 * A registry on 127.0.0.1 is accessed by plain HTTP. `buildctl` finds it by `BUILDKIT_HOST`.
 */
export async function startBuildkit(options: BuildkitOptions): Promise<Engine> {
  const { folder } = options;
  const home = await homeEnvironment(folder);
  const socket = `unix://${join(folder, 'buildkitd.sock')}`;
  const env = { ...home, BUILDKIT_HOST: socket };
  const config = join(folder, 'buildkitd.toml');
  const registries = Object.entries(options.authorities ?? {}).map(
    ([host, caFile]) => `[registry."${host}"]\nhttp = false\nca = ["${caFile}"]\n`,
  );
  await writeFile(config, registries.join('\n'));
  await installBuildx(env);
  const daemon = await startDaemon({
    name: 'buildkitd',
    program: buildkitTool('buildkitd'),
    args: [
      ...['--config', config, '--root', join(folder, 'data'), '--addr', socket],
      ...['--containerd-worker=false', '--oci-worker-binary', 'runc'],
      // Works on every file system; overlay needs kernel support that containers often lack.
      ...['--oci-worker-snapshotter', 'native', '--oci-worker-net', 'host'],
    ],
    env: home,
    reaches: options.reaches ?? [],
    isReady: () => answers(buildkitTool('buildctl'), ['debug', 'workers'], env),
  });
  const create = ['buildx', 'create', '--name', BUILDER, '--driver', 'remote', socket];
  await execute('docker', create, env);
  return {
    env,
    buildxBuilder: BUILDER,
    logs: daemon.logs,
    stop: async () => {
      await daemon.stop();
      await removeEngineFolder(folder);
    },
  };
}
