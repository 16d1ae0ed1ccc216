import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { startDaemon } from './daemon';
import { answers, installBuildx } from './docker-daemon';
import {
  type Engine,
  type EngineOptions,
  execute,
  homeEnvironment,
  removeEngineFolder,
} from './engine';
import { mobyTool } from './tools';

/**
 * Starts dockerd 29 (moby v2) with its default, the containerd image store, and buildx with the driver
 * `docker`. containerd is started by dockerd. `docker` works with the returned variables.
 *
 * dockerd does not verify TLS on 127.0.0.0/8.
 */
export async function startModernDocker({ folder, reaches = [] }: EngineOptions): Promise<Engine> {
  const home = await homeEnvironment(folder);
  const program = mobyTool('dockerd');
  const socket = `unix://${join(folder, 'docker.sock')}`;
  const env = { ...home, DOCKER_HOST: socket };
  const config = join(folder, 'daemon.json');
  // Debian's docker 20.10 has a client for API 1.41 only.
  await writeFile(config, JSON.stringify({ 'min-api-version': '1.24' }));
  await installBuildx(env);
  const daemon = await startDaemon({
    name: 'dockerd 29',
    program,
    args: [
      ...['--config-file', config, '--host', socket, '--pidfile', join(folder, 'docker.pid')],
      ...['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec')],
      ...['--iptables=false', '--ip6tables=false'],
    ],
    // It starts the containerd and the shim that it finds first.
    env: { ...home, PATH: `${dirname(program)}:${home['PATH'] ?? ''}` },
    reaches,
    isReady: () => answers('docker', ['info'], env),
  });
  const stop = async (): Promise<void> => {
    await daemon.stop();
    await removeEngineFolder(folder);
  };
  const store = await execute('docker', ['info', '--format', '{{json .DriverStatus}}'], env);
  if (!store.includes('io.containerd.snapshotter')) {
    await stop();
    throw new Error(`dockerd 29 does not use the containerd image store: ${store}`);
  }
  return { env, buildxBuilder: 'default', logs: daemon.logs, stop };
}
