import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';

import type { TestCertificate } from '../../../dev/registry/tls';

/** A response that replaces the API server's. */
export type ApiFault =
  | { readonly status: number; readonly body?: unknown }
  | 'drop'
  /** No answer, ever. */
  | 'silence';

export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
}

interface Secret {
  readonly metadata: { readonly name: string };
  readonly immutable?: boolean;
  readonly data?: Readonly<Record<string, string>>;
  readonly stringData?: Readonly<Record<string, string>>;
}

/** A double of the API server's secrets, in this process. The real one is in `npm run test:keys`. */
export interface ApiDouble {
  readonly url: string;
  readonly requests: readonly ApiRequest[];
  /** By `namespace/name`. */
  readonly secrets: Map<string, Secret>;
  fault: ((request: ApiRequest) => ApiFault | undefined) | undefined;
  close(): Promise<void>;
}

const ROUTE = /^\/api\/v1\/namespaces\/([^/]+)\/secrets(?:\/([^/]+))?$/;

/** https://kubernetes.io/docs/reference/kubernetes-api/definitions/status-v1-meta/ */
export function statusBody(code: number, reason: string, message: string): object {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message };
}

const base64 = (data: Readonly<Record<string, string>> = {}): Record<string, string> =>
  Object.fromEntries(
    Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
  );

export async function startApiDouble(
  { cert, key }: TestCertificate,
  token: string,
): Promise<ApiDouble> {
  const requests: ApiRequest[] = [];
  const secrets = new Map<string, Secret>();
  const double: { fault: ApiDouble['fault'] } = { fault: undefined };

  const answer = (request: ApiRequest, body: string): { status: number; body: object } => {
    const [, namespace, name] = ROUTE.exec(request.path) ?? [];
    const refused = (code: number, reason: string, message: string) => ({
      status: code,
      body: statusBody(code, reason, message),
    });
    if (request.authorization !== `Bearer ${token}`) {
      return refused(401, 'Unauthorized', 'Unauthorized');
    }
    if (request.method === 'POST') {
      const secret = JSON.parse(body) as Secret;
      const slot = `${namespace}/${secret.metadata.name}`;
      if (secrets.has(slot)) {
        return refused(409, 'AlreadyExists', `secrets "${secret.metadata.name}" already exists`);
      }
      const { stringData, ...rest } = secret;
      const stored = { ...rest, data: base64(stringData) };
      secrets.set(slot, stored);
      return { status: 201, body: stored };
    }
    const found = secrets.get(`${namespace}/${name}`);
    if (found === undefined) return refused(404, 'NotFound', `secrets "${name}" not found`);
    return { status: 200, body: { kind: 'Secret', apiVersion: 'v1', ...found } };
  };

  const server: Server = createServer({ cert, key }, (incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const request: ApiRequest = {
        method: incoming.method ?? '',
        path: (incoming.url ?? '').split('?')[0] ?? '',
        authorization: incoming.headers.authorization,
      };
      requests.push(request);
      const instead = double.fault?.(request);
      if (instead === 'silence') return;
      if (instead === 'drop') return void incoming.socket.destroy();
      const { status, body } = instead ?? answer(request, Buffer.concat(chunks).toString());
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body ?? {}));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return Object.assign(double, {
    url: `https://127.0.0.1:${port}`,
    requests,
    secrets,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  });
}
