import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { startDaemon } from './daemon';
import {
  type Engine,
  type EngineOptions,
  execute,
  homeEnvironment,
  removeEngineFolder,
} from './engine';
import { buildkitTool } from './tools';

export interface DockerOptions extends EngineOptions {
  /** Install buildx for this home folder, with the driver `docker`. Default: false. */
  readonly buildx?: boolean;
}

/**
 * Starts dockerd of the Debian package `docker.io`. `docker` works with the returned variables,
 * `docker login` included: it writes to `$HOME/.docker` in the engine's folder.
 *
 * dockerd does not verify TLS on 127.0.0.0/8.
 */
export async function startDocker(options: DockerOptions): Promise<Engine> {
  const { folder } = options;
  const home = await homeEnvironment(folder);
  const socket = `unix://${join(folder, 'docker.sock')}`;
  const env = { ...home, DOCKER_HOST: socket };
  // Named, so that /etc/docker/daemon.json has no effect.
  const config = join(folder, 'daemon.json');
  await writeFile(config, '{}');
  if (options.buildx) await installBuildx(env);
  const daemon = await startDaemon({
    name: 'dockerd',
    program: 'dockerd',
    args: [
      ...['--config-file', config, '--host', socket, '--pidfile', join(folder, 'docker.pid')],
      ...['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec')],
      ...['--iptables=false', '--ip6tables=false', '--storage-driver=overlay2'],
    ],
    env: home,
    reaches: options.reaches ?? [],
    isReady: () => answers('docker', ['info'], env),
  });
  return {
    env,
    ...(options.buildx ? { buildxBuilder: 'default' } : {}),
    logs: daemon.logs,
    stop: async () => {
      await daemon.stop();
      await removeEngineFolder(folder);
    },
  };
}

/** Whether a client can connect to its daemon. */
export function answers(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<boolean> {
  return execute(program, args, env).then(
    () => true,
    () => false,
  );
}

/** Installs `docker buildx` in the home folder of these variables. */
export async function installBuildx(env: NodeJS.ProcessEnv): Promise<void> {
  const plugin = join(env['HOME'] ?? '', '.docker', 'cli-plugins', 'docker-buildx');
  await mkdir(dirname(plugin), { recursive: true });
  await symlink(buildkitTool('docker-buildx'), plugin);
}
