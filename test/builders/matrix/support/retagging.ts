import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

import { execute } from '../../../../dev/builders/engine';
import type { Cell } from './cell';

const INTERVAL_MS = 5;

/** Sends a request to the daemon, as `docker` does. */
function askDaemon(socketPath: string, method: string, path: string) {
  return new Promise<{ readonly status: number; readonly body: string }>((settle, fail) => {
    const sent = request({ socketPath, method, path }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.once('end', () => settle({ status: response.statusCode ?? 0, body }));
    });
    sent.once('error', fail).end();
  });
}

/**
 * Another job of this machine, which gives an image of its own the tag of a build in the local store:
 * before the build, and with a daemon again as soon as the build has set it.
 *
 * @param other - The reference of the other image, which is pulled.
 * @param target - `host/path:tag`
 */
export async function startRetagging(
  { column, engine }: Cell,
  other: string,
  target: string,
): Promise<{ stop(): Promise<number> }> {
  const { env } = engine;
  const programs = column.builder === 'auto' ? ['docker', 'podman'] : [column.store];
  for (const program of programs.filter((name) => name !== 'none')) {
    await execute(program, ['pull', other], env);
    await execute(program, ['tag', other, target], env);
  }
  if (column.store !== 'docker') return { stop: () => Promise.resolve(1) };
  const socket = env['DOCKER_HOST']?.replace('unix://', '') ?? '';
  const idOf = async (name: string): Promise<string | undefined> => {
    const { status, body } = await askDaemon(socket, 'GET', `/v1.41/images/${name}/json`);
    return status === 200 ? (JSON.parse(body) as { Id: string }).Id : undefined;
  };
  const otherId = await idOf(other);
  let stopped = false;
  let moved = 1;
  const watching = (async () => {
    const at = target.lastIndexOf(':');
    const query = `repo=${target.slice(0, at)}&tag=${target.slice(at + 1)}`;
    for (; !stopped; await delay(INTERVAL_MS)) {
      const id = await idOf(target);
      if (id === undefined || id === otherId) continue;
      await askDaemon(socket, 'POST', `/v1.41/images/${otherId ?? ''}/tag?${query}`);
      moved += 1;
    }
  })();
  return {
    stop: async () => {
      stopped = true;
      await watching;
      return moved;
    },
  };
}
