import http from 'node:http';
import https from 'node:https';
import type net from 'node:net';
import { type AddressInfo } from 'node:net';

import { makeCertificate } from '../../dev/registry';
import type { RegistryClientOptions } from '../../src/oci';
import { refusalOf, LATEST, repositoryOf, testClient } from './support/registry-fixture';

/** The response of a real server, and what the message must and must not contain. */
interface Failure {
  readonly name: string;
  readonly serve: () => Promise<net.Server>;
  /** Default: the server's address. */
  readonly host?: (port: number) => string;
  readonly registry?: Omit<NonNullable<RegistryClientOptions['registry']>, 'host'>;
  readonly code: string;
  readonly says: RegExp;
  readonly not?: RegExp;
}

const LOGIN = { username: 'robot', password: 'canary-pw' };
const BASIC = { 'www-authenticate': 'Basic realm="r"' };
const error = (code: string, message: string): string =>
  JSON.stringify({ errors: [{ code, message }] });

function plain(
  status: number,
  body: string,
  headers: http.OutgoingHttpHeaders = {},
): () => Promise<net.Server> {
  return async () =>
    http.createServer((request, response) => {
      const asks = request.headers.authorization === undefined && 'www-authenticate' in BASIC;
      const first = asks && headers['x-login'] !== undefined;
      response.writeHead(first ? 401 : status, first ? BASIC : headers).end(first ? '' : body);
    });
}

const secure =
  (options?: Parameters<typeof makeCertificate>[1]): (() => Promise<net.Server>) =>
  async () => {
    const certificate = await makeCertificate([], options);
    authority = certificate.ca;
    return https.createServer(certificate, (_, response) => response.writeHead(404).end());
  };
let authority = '';

const AFTER_LOGIN = { 'x-login': '1' };
const FAILURES: readonly Failure[] = [
  {
    name: 'TLS on loopback, spoken to in plain http',
    serve: secure(),
    code: 'REGISTRY_UNAVAILABLE',
    says: /speaks TLS.*registry\.caFile/,
    not: /set registry\.insecure/,
  },
  {
    name: "Go's answer to plain http",
    serve: plain(400, 'Client sent an HTTP request to an HTTPS server.\n'),
    code: 'REGISTRY_INSECURE',
    says: /registry\.caFile/,
  },
  {
    name: 'an unknown authority',
    serve: secure(),
    registry: { ca: 'another' },
    code: 'REGISTRY_INSECURE',
    says: /registry\.caFile/,
    not: /insecure/,
  },
  {
    name: 'an expired certificate',
    serve: secure({ expired: true }),
    registry: { ca: 'its own' },
    code: 'REGISTRY_INSECURE',
    says: /expired.*renewed/,
    not: /caFile|registry\.insecure/,
  },
  {
    name: 'a certificate for another name',
    serve: secure({ loopback: false }),
    registry: { ca: 'its own' },
    code: 'REGISTRY_INSECURE',
    says: /another host name/,
    not: /caFile|registry\.insecure/,
  },
  {
    name: 'plain http where https was spoken',
    serve: plain(200, ''),
    host: (port) => `localhost.example:${port}`,
    code: 'REGISTRY_INSECURE',
    says: /set registry\.insecure/,
  },
  {
    name: 'a name that does not resolve',
    serve: plain(200, ''),
    host: (port) => `nowhere.invalid:${port}`,
    code: 'REGISTRY_UNAVAILABLE',
    says: /does not resolve/,
    not: /insecure/,
  },
  {
    name: 'a port where nothing listens',
    serve: plain(200, ''),
    host: () => '127.0.0.1:1',
    code: 'REGISTRY_UNAVAILABLE',
    says: /ECONNREFUSED/,
    not: /insecure/,
  },
  {
    name: 'a web page',
    serve: plain(200, '<!doctype html><title>Sign in</title>', { 'content-type': 'text/html' }),
    code: 'REGISTRY_PROTOCOL',
    says: /registry/,
  },
  {
    name: '401 in spite of a login',
    serve: plain(401, '', BASIC),
    registry: LOGIN,
    code: 'REGISTRY_UNAUTHORIZED',
    says: /wrong or have expired: log in again with a valid `registry\.username`/,
    not: /docker login/,
  },
  {
    name: '403 in spite of a login',
    serve: plain(403, error('DENIED', 'requested access to the resource is denied'), AFTER_LOGIN),
    registry: LOGIN,
    code: 'REGISTRY_FORBIDDEN',
    says: /expired or do not have permission.*log in again/,
  },
  {
    name: '403 for a token that has expired',
    serve: plain(403, error('DENIED', 'Your authorization token has expired.'), AFTER_LOGIN),
    registry: LOGIN,
    code: 'REGISTRY_FORBIDDEN',
    says: /log in again/,
  },
  {
    name: '400 with an authentication error',
    serve: plain(
      400,
      error('UNSUPPORTED', 'Your Authorization Token has expired. Reauthenticate and try again.'),
      AFTER_LOGIN,
    ),
    registry: LOGIN,
    code: 'REGISTRY_UNAUTHORIZED',
    says: /wrong or have expired: log in again/,
  },
  {
    name: '429',
    serve: plain(429, ''),
    code: 'REGISTRY_THROTTLED',
    says: /try again later/,
  },
  { name: '503', serve: plain(503, ''), code: 'REGISTRY_UNAVAILABLE', says: /try again later/ },
];

test.each(FAILURES)('$name', async ({ serve, host, registry, code, says, not }) => {
  const server = await serve();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const own = host?.(port) ?? `127.0.0.1:${port}`;
  const ca = registry?.ca === 'another' ? (await makeCertificate()).ca : authority;
  const { client } = testClient({
    registry: { host: own, ...registry, ...(registry?.ca !== undefined && { ca }) },
    budget: { dropped: 0, throttled: 0, unavailable: 0 },
    ...(own.startsWith('localhost.example') && {
      lookup: (_name, { all }, done) =>
        all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4),
    }),
  });
  try {
    const refusal = await refusalOf(
      client.checkAccess(repositoryOf({ host: own }), 'pull', LATEST),
    );
    expect([refusal.code, refusal.message]).toEqual([code, expect.stringMatching(says)]);
    if (not) expect(refusal.message).not.toMatch(not);
    expect(refusal.message).not.toContain('canary-pw');
  } finally {
    await client.close();
    if (server instanceof http.Server || server instanceof https.Server)
      server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});
