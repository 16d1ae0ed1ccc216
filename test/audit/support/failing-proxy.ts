import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A registry that can stop responding: it forwards requests, or returns 503. */
export interface FailingProxy {
  readonly host: string;
  /** Whether this request fails. */
  fails: (path: string) => boolean;
  /** `METHOD path` of each request that was forwarded, and of each that failed. */
  readonly forwarded: string[];
  readonly failed: string[];
  close(): Promise<void>;
}

export async function startFailingProxy(registry: string): Promise<FailingProxy> {
  const proxy = {
    fails: (_path: string): boolean => false,
    forwarded: [] as string[],
    failed: [] as string[],
  };
  const server = createServer((incoming, response) => {
    const { url = '/', method = 'GET', headers } = incoming;
    const line = `${method} ${url}`;
    if (proxy.fails(url)) {
      proxy.failed.push(line);
      incoming.resume();
      response.writeHead(503).end();
      return;
    }
    proxy.forwarded.push(line);
    const options = { method, headers, agent: false } as const;
    const outgoing = request(`http://${registry}${url}`, options, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    outgoing.on('error', () => response.destroy());
    incoming.pipe(outgoing);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(proxy, {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  });
}
