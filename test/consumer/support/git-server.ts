import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';

import { startConnectProxy } from '../../../dev/kms/connect-proxy';
import { makeCertificate } from '../../../dev/registry/tls';

/** The repositories of a folder, at `https://HOST/`. */
export interface GitServer {
  /** With it a program reaches the server by the name of the host, and trusts its certificate. */
  readonly env: Readonly<Record<string, string>>;
  /** The request lines, in order. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

/** Answers with the output of `git http-backend`, the program that git servers run. */
async function respond(
  folder: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname, search } = new URL(request.url ?? '/', 'https://localhost');
  const header = (name: string): string => String(request.headers[name] ?? '');
  const backend = spawn('git', ['http-backend'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: '1',
      REQUEST_METHOD: request.method,
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      CONTENT_TYPE: header('content-type'),
      HTTP_CONTENT_ENCODING: header('content-encoding'),
      GIT_PROTOCOL: header('git-protocol'),
    },
  });
  request.pipe(backend.stdin);
  const chunks: Buffer[] = [];
  backend.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(backend, 'close');
  const output = Buffer.concat(chunks);
  const end = output.indexOf('\r\n\r\n');
  for (const line of output.subarray(0, end).toString().split('\r\n')) {
    const colon = line.indexOf(':');
    const [name, value] = [line.slice(0, colon), line.slice(colon + 1).trim()];
    if (name === 'Status') response.statusCode = Number.parseInt(value, 10);
    else response.setHeader(name, value);
  }
  response.end(output.subarray(end + 4));
}

/**
 * Serves the bare repositories of `folder`. Programs reach it as `host` through a proxy, so that the documented
 * URL is tested: with a port in the URL, `pulumi package add` of Pulumi 3.260 crashes.
 */
export async function startGitServer(folder: string, host: string): Promise<GitServer> {
  const { ca, cert, key } = await makeCertificate([host]);
  const requests: string[] = [];
  const server = createServer({ key, cert }, (request, response) => {
    requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
    respond(folder, request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const proxy = await startConnectProxy((name) => (name === host ? port : undefined));

  const known = process.env['SSL_CERT_FILE'];
  const authorities = join(folder, 'authorities.pem');
  writeFileSync(
    authorities,
    [known === undefined ? rootCertificates.join('\n') : readFileSync(known, 'utf8'), ca].join(
      '\n',
    ),
  );
  const direct = new URL(process.env['npm_config_registry'] ?? 'https://registry.npmjs.org').host;
  return {
    env: {
      HTTPS_PROXY: proxy.url,
      // npm's registry is not behind the proxy.
      NO_PROXY: `localhost,127.0.0.1,${direct}`,
      SSL_CERT_FILE: authorities,
    },
    requests,
    close: async () => {
      await proxy.close();
      server.closeAllConnections();
      await new Promise((settle) => server.close(settle));
    },
  };
}
