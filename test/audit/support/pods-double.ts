import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { makeCertificate } from '../../../dev/registry/tls';
import type { Pod } from '../../../src/audit/pod-containers';
import { statusBody } from '../../key/kubernetes/api-double';

export const TOKEN = 'canary-audit-token';

/** A response that replaces the list. */
export type PodsFault =
  | { readonly status: number; readonly body?: unknown }
  | 'drop'
  /** No answer, ever. */
  | 'silence';

/** A double of the API server's pods, in this process. The real one is in `npm run test:enforce`. */
export interface PodsDouble {
  readonly url: string;
  /** Path and query of each request. */
  readonly requests: readonly string[];
  readonly pods: Pod[];
  fault: ((count: number) => PodsFault | undefined) | undefined;
  /** Writes a kubeconfig for it, and returns its path. */
  kubeconfig(folder: string, token?: string): Promise<string>;
  close(): Promise<void>;
}

const ROUTE = /^\/api\/v1(?:\/namespaces\/([^/]+))?\/pods$/;

export async function startPodsDouble(): Promise<PodsDouble> {
  const { ca, cert, key } = await makeCertificate();
  const requests: string[] = [];
  const pods: Pod[] = [];
  const double: { fault: PodsDouble['fault'] } = { fault: undefined };

  /** https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks */
  const page = (url: URL): { status: number; body: object } => {
    const route = ROUTE.exec(url.pathname);
    if (!route) return { status: 404, body: statusBody(404, 'NotFound', 'no such route') };
    const [, namespace] = route;
    const all = pods.filter((pod) => !namespace || pod.metadata?.namespace === namespace);
    const from = Number(url.searchParams.get('continue') ?? 0);
    const end = from + Number(url.searchParams.get('limit') ?? all.length);
    const metadata = { resourceVersion: '7', ...(end < all.length && { continue: String(end) }) };
    const items = all.slice(from, end);
    return { status: 200, body: { kind: 'PodList', apiVersion: 'v1', metadata, items } };
  };

  const server: Server = createServer({ cert, key }, (incoming, response) => {
    requests.push(incoming.url ?? '');
    const instead = double.fault?.(requests.length);
    if (instead === 'silence') return;
    if (instead === 'drop') return void incoming.socket.destroy();
    const allowed = incoming.headers.authorization === `Bearer ${TOKEN}`;
    const { status, body } =
      instead ??
      (allowed
        ? page(new URL(incoming.url ?? '', 'https://localhost'))
        : { status: 401, body: statusBody(401, 'Unauthorized', 'Unauthorized') });
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body ?? {}));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(double, {
    url,
    requests,
    pods,
    async kubeconfig(folder: string, token = TOKEN) {
      const authority = Buffer.from(ca).toString('base64');
      const cluster = { server: url, 'certificate-authority-data': authority };
      const path = join(folder, 'kubeconfig');
      const config = {
        clusters: [{ name: 'one', cluster }],
        users: [{ name: 'me', user: { token } }],
        contexts: [{ name: 'one', context: { cluster: 'one', user: 'me' } }],
        'current-context': 'one',
      };
      await writeFile(path, JSON.stringify(config));
      return path;
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  });
}
