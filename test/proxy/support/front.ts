import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';

import { makeCertificate } from '../../../dev/registry/tls';

export const DOMAIN = 'example.test';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A TLS server for hosts under `example.test`, each with a service on loopback behind it. */
export interface Front {
  /** PEM; the authority of its certificate. */
  readonly ca: string;
  readonly port: number;
  /** The address of a service by that name. */
  urlOf(name: string): string;
  hostOf(name: string): string;
  serve(name: string, service: string | Handler): void;
  /** Requests by the name of the service. */
  readonly requests: ReadonlyMap<string, number>;
  clear(): void;
  close(): Promise<void>;
}

export async function startFront(names: readonly string[]): Promise<Front> {
  const certificate = await makeCertificate(names.map((name) => `${name}.${DOMAIN}`));
  const services = new Map<string, string | Handler>();
  const requests = new Map<string, number>();
  const server = https.createServer(
    { cert: certificate.cert, key: certificate.key },
    (request, response) => {
      const name = (request.headers.host ?? '').split('.')[0] ?? '';
      requests.set(name, (requests.get(name) ?? 0) + 1);
      const service = services.get(name);
      if (service === undefined) response.writeHead(502).end();
      else if (typeof service === 'string') passOn(service, request, response);
      else service(request, response);
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    ca: certificate.ca,
    port,
    hostOf: (name) => `${name}.${DOMAIN}:${port}`,
    urlOf: (name) => `https://${name}.${DOMAIN}:${port}`,
    serve: (name, service) => void services.set(name, service),
    requests,
    clear: () => requests.clear(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function passOn(service: string, request: IncomingMessage, response: ServerResponse): void {
  const { hostname, port } = new URL(service);
  const { method, url, headers } = request;
  const upstream = http.request({ hostname, port, path: url, method, headers });
  upstream.on('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  upstream.on('error', () => response.destroy());
  request.pipe(upstream);
}
