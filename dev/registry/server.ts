import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';

import type { Fault, RecordedRequest, RegistryRequest } from './exchange';
import type { TestCertificate } from './tls';

export interface ListeningServer {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  close(): Promise<void>;
}

/** Serves `answer` on a loopback port, and calls `record` for every exchange. */
export async function listen(
  port: number,
  certificate: TestCertificate | undefined,
  answer: (request: RegistryRequest) => Promise<Fault>,
  record: (request: Omit<RecordedRequest, 'server'>) => void,
): Promise<ListeningServer> {
  const handler = (incoming: http.IncomingMessage, outgoing: http.ServerResponse): void => {
    exchange(incoming, outgoing, answer, record).catch((error: unknown) => {
      outgoing.destroy(error instanceof Error ? error : undefined);
    });
  };
  const server = certificate
    ? https.createServer(certificate, handler)
    : http.createServer(handler);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function exchange(
  incoming: http.IncomingMessage,
  outgoing: http.ServerResponse,
  answer: (request: RegistryRequest) => Promise<Fault>,
  record: (request: Omit<RecordedRequest, 'server'>) => void,
): Promise<void> {
  const { method = 'GET', url = '/', headers } = incoming;
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const { pathname, searchParams } = new URL(url, 'http://registry');
  const response = await answer({
    method,
    path: decodeURIComponent(pathname),
    query: searchParams,
    headers,
    body: Buffer.concat(chunks),
  });
  const status = response === 'drop' ? 0 : response.status;
  const taken = Buffer.concat(chunks).length;
  const given = response === 'drop' ? 0 : Buffer.byteLength(response.body ?? '');
  const connection = `${incoming.socket.remoteAddress}:${incoming.socket.remotePort}`;
  record({ method, path: url, status, headers, taken, given, connection });
  if (response === 'drop') {
    outgoing.destroy();
    return;
  }
  const body = Buffer.from(response.body ?? '');
  const length = status === 204 || status === 304 ? {} : { 'content-length': String(body.length) };
  outgoing.writeHead(status, { ...length, ...response.headers });
  outgoing.end(body);
}
