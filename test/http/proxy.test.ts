import { createServer, type Server } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';

import { type RecordingProxy, startRecordingProxy } from '../../dev/proxy';
import { makeCertificate, type TestCertificate } from '../../dev/registry/tls';
import { HttpClient } from '../../src/http/client';
import { proxyRules } from '../../src/http/proxy-rules';
import { Transport } from '../../src/http/transport';

const NAME = 'service.example.test';
const SECRET = 'canary-p@ss word';
const CREDENTIALS = `builder:${encodeURIComponent(SECRET)}@`;

let certificate: TestCertificate;
let plain: Server;
let secure: https.Server;
const seen: string[] = [];
const closing: { close(): unknown }[] = [];

const portOf = (server: Server): number => (server.address() as AddressInfo).port;
const listen = (server: Server) =>
  new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

beforeAll(async () => {
  certificate = await makeCertificate([NAME]);
  plain = createServer((request, response) => {
    seen.push(`${request.headers.host} ${request.url}`);
    expect(request.headers['proxy-authorization']).toBeUndefined();
    response.end('here');
  });
  secure = https.createServer(
    { cert: certificate.cert, key: certificate.key },
    (request, response) => {
      seen.push(`${request.headers.host} ${request.url}`);
      response.end('here');
    },
  );
  await Promise.all([listen(plain), listen(secure)]);
});
afterAll(() => {
  for (const server of [plain, secure]) {
    server.closeAllConnections();
    server.close();
  }
});
beforeEach(() => seen.splice(0));
afterEach(async () => {
  for (const one of closing.splice(0)) await one.close();
});

async function proxyWith(options: Parameters<typeof startRecordingProxy>[0] = {}) {
  const proxy = await startRecordingProxy({
    locate: (target) => `127.0.0.1:${portOf(target.endsWith(':443') ? secure : plain)}`,
    ...options,
  });
  closing.push(proxy);
  return proxy;
}

function clientOf(env: Readonly<Record<string, string>>, ca = certificate.ca): HttpClient {
  const client = new HttpClient({ proxies: proxyRules(env), ca });
  closing.push(client);
  return client;
}

const get = (client: HttpClient, url: string) =>
  client.exchange({ method: 'GET', url: new URL(url) }, { silence: 5000, longest: 5000 });

const withCredentials = ({ url }: RecordingProxy) => url.replace('//', `//${CREDENTIALS}`);

async function failureOf(client: HttpClient, url = `https://${NAME}/`): Promise<Error> {
  const error = await get(client, url).then(
    () => new Error('it was answered'),
    (reason: Error) => reason,
  );
  expect(inspect(error, { depth: 9 })).not.toMatch(/canary|Y2FuYXJ5/);
  return error;
}

it.each(['http', 'https'])(
  '%s goes through the proxy, one tunnel for many requests',
  async (scheme) => {
    const proxy = await proxyWith();
    const client = clientOf({ HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url });
    for (const path of ['/a?b=c', '/d']) {
      const { status, body } = await get(client, `${scheme}://${NAME}${path}`);
      expect([status, body.toString()]).toEqual([200, 'here']);
    }
    expect(seen).toEqual([`${NAME} /a?b=c`, `${NAME} /d`]);
    const target = { target: `${NAME}:${scheme === 'https' ? 443 : 80}`, refused: undefined };
    expect(proxy.requests).toEqual(
      scheme === 'https'
        ? [{ method: 'CONNECT', ...target }]
        : [
            { method: 'GET', ...target },
            { method: 'GET', ...target },
          ],
    );
  },
);

it('the credentials of the proxy go to the proxy only', async () => {
  const proxy = await proxyWith({ credentials: `builder:${SECRET}` });
  const url = withCredentials(proxy);
  const client = clientOf({ HTTP_PROXY: url, HTTPS_PROXY: url });
  for (const scheme of ['http', 'https'])
    expect((await get(client, `${scheme}://${NAME}/`)).status).toBe(200);
  expect(proxy.requests.every(({ refused }) => refused === undefined)).toBe(true);
});

it.each(['http', 'https'])(
  'wrong credentials are named without being shown (%s)',
  async (scheme) => {
    const proxy = await proxyWith({ credentials: 'builder:another' });
    const url = withCredentials(proxy);
    const error = await failureOf(
      clientOf({ HTTP_PROXY: url, HTTPS_PROXY: url }),
      `${scheme}://${NAME}/`,
    );
    expect(error.message).toMatch(
      /^the proxy 127\.0\.0\.1:\d+ \(`HTTPS?_PROXY`\) refused .*\(407\)/,
    );
    expect(seen).toEqual([]);
  },
);

it('a proxy behind TLS is checked with the declared authorities', async () => {
  const tls = await makeCertificate();
  const proxy = await proxyWith({ tls });
  const env = { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url };
  const both = clientOf(env, `${certificate.ca}\n${tls.ca}`);
  for (const scheme of ['http', 'https'])
    expect((await get(both, `${scheme}://${NAME}/`)).status).toBe(200);
  const error = await failureOf(clientOf(env));
  expect(error.message).toMatch(/the proxy .* could not be used: .*certificate/);
  const transport = new Transport({
    home: new URL(`https://${NAME}/`),
    ca: certificate.ca,
    proxies: proxyRules(env),
  });
  closing.push(transport);
  await expect(
    transport.send({ method: 'GET', url: new URL(`https://${NAME}/`) }, undefined),
  ).rejects.toMatchObject({
    code: 'REGISTRY_INSECURE',
    transient: false,
    message: expect.stringContaining('NODE_EXTRA_CA_CERTS') as string,
  });
});

it('the certificate of the server is checked inside of the tunnel', async () => {
  const proxy = await proxyWith();
  const error = await failureOf(clientOf({ HTTPS_PROXY: proxy.url }, (await makeCertificate()).ca));
  expect(error).toMatchObject({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
  expect(seen).toEqual([]);
});

it('loopback, and what NO_PROXY names, is connected to directly', async () => {
  const proxy = await proxyWith();
  const lookup = ((_name: string, _options: object, done: (...found: unknown[]) => void) =>
    done(null, [{ address: '127.0.0.1', family: 4 }])) as never;
  const env = { HTTP_PROXY: proxy.url, NO_PROXY: 'example.test' };
  const client = new HttpClient({ proxies: proxyRules(env), lookup });
  closing.push(client);
  await get(client, `http://${NAME}:${portOf(plain)}/`);
  await get(client, `http://127.0.0.1:${portOf(plain)}/`);
  expect(seen).toHaveLength(2);
  expect(proxy.requests).toEqual([]);
});

it('a proxy that cannot be reached is named', async () => {
  const proxy = await proxyWith();
  await proxy.close();
  const url = withCredentials(proxy);
  for (const scheme of ['http', 'https']) {
    const error = await failureOf(
      clientOf({ HTTP_PROXY: url, HTTPS_PROXY: url }),
      `${scheme}://${NAME}/`,
    );
    expect(error.message).toMatch(/^the proxy .* could not be used: connect ECONNREFUSED/);
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  }
});

it.each([
  ['a SOCKS proxy', 'socks5://', '@proxy.example:1080', /SOCKS proxy, which is not supported/],
  ['a host name with a space', 'http://', '@proxy example', /not a valid address/],
  ['another scheme', 'ftp://', '@proxy.example', /must begin with http/],
])('%s is an error, without its credentials', async (_case, scheme, host, message) => {
  const error = await failureOf(clientOf({ HTTPS_PROXY: `${scheme}builder:canary-x${host}` }));
  expect(error).toMatchObject({ code: 'INPUT_INVALID' });
  expect(error.message).toMatch(message);
  expect(error.message).not.toContain('canary-x');
});

it('places among the connections are given back after failures', async () => {
  const client = clientOf({ HTTPS_PROXY: 'socks5://proxy.example' });
  for (let at = 0; at < 20; at += 1) await failureOf(client);
});

it('a local address that a remote registry refers to is refused with a proxy, too', async () => {
  const proxy = await proxyWith();
  const transport = new Transport({
    home: new URL(`https://${NAME}/`),
    proxies: proxyRules({ HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url }),
  });
  closing.push(transport);
  await expect(
    transport.send({ method: 'GET', url: new URL('http://169.254.169.254/') }, undefined),
  ).rejects.toMatchObject({ code: 'REGISTRY_INSECURE' });
  expect(proxy.requests).toEqual([]);
});
