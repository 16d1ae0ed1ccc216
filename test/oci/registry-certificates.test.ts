import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { makeCertificate, type TestCertificate } from '../../dev/registry/tls';
import type { SignedImageError } from '../../src/error';
import { createRegistryClient, type RegistryClient } from '../../src/oci';
import { digestOf } from '../../src/oci/digest';
import type { RegistryClientOptions } from '../../src/oci/registry-client';
import { hostCertificates, systemCertificateFolders } from '../../src/oci/registry-certificates';

let folder: string;
let server: https.Server;
let host: string;
let of: { readonly server: TestCertificate; readonly client: TestCertificate };
/** Subjects of the client certificates of the requests; `none` for a request without one. */
let shown: string[];
const clients: RegistryClient[] = [];

beforeAll(async () => {
  of = { server: await makeCertificate(), client: await makeCertificate(['client.example']) };
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'certs-'));
  shown = [];
  const { cert, key } = of.server;
  server = https.createServer(
    { cert, key, requestCert: true, rejectUnauthorized: false, ca: of.client.ca },
    (request, response) => {
      const { authorized } = request.socket as unknown as { readonly authorized: boolean };
      shown.push(authorized ? 'client' : 'none');
      response.writeHead(authorized ? 404 : 403).end();
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true });
});

async function place(files: Readonly<Record<string, string>>, name = host): Promise<void> {
  await mkdir(join(folder, name), { recursive: true });
  for (const [file, text] of Object.entries(files))
    await writeFile(join(folder, name, file), text, { mode: 0o600 });
}

const read = (declared: object = {}, options: RegistryClientOptions = {}) => {
  const client = createRegistryClient({
    dockerConfig: 'none',
    certificates: { roots: [join(folder, 'nothing'), folder] },
    budget: { dropped: 0, unavailable: 0 },
    ...options,
    registry: { host, ...declared },
  });
  clients.push(client);
  return client.getManifest({ registry: host, path: 'team/app' }, digestOf(Buffer.from('')));
};

const refusal = (reading: Promise<unknown>): Promise<SignedImageError> =>
  reading.then(
    () => Promise.reject(new Error('it was read')),
    (error: SignedImageError) => error,
  );

const pair = () => ({ 'a.cert': of.client.cert, 'a.key': of.client.key });

it('a certs.d folder adds authorities and the client certificate, and requires https', async () => {
  await place({ 'ca.crt': of.server.ca, ...pair() });
  await expect(read()).resolves.toBeUndefined();
  expect(new Set(shown)).toEqual(new Set(['client']));
});

it('declared certificates are PEM texts or files', async () => {
  const files = { cert: join(folder, 'c.pem'), key: join(folder, 'k.pem') };
  await writeFile(files.cert, of.client.cert);
  await writeFile(files.key, of.client.key);
  const texts = { clientCertificate: of.client.cert, clientKey: of.client.key };
  await read({ ca: of.server.ca, ...texts });
  await read({ ca: of.server.ca, clientCertificate: files.cert, clientKey: files.key });
  expect(new Set(shown)).toEqual(new Set(['client']));
});

it('a folder is for its host and port only', async () => {
  await place({ 'ca.crt': of.server.ca, ...pair() }, '127.0.0.1:1');
  await refusal(read({ ca: of.server.ca }));
  expect(new Set(shown)).toEqual(new Set(['none']));
});

it('plain http does not use certificates', async () => {
  await place({ 'ca.crt': of.server.ca, ...pair() });
  const error = await refusal(read({ insecure: true }));
  expect(error.message).not.toContain('certs.d');
  expect(shown).toEqual([]);
});

it.each<[string, () => Readonly<Record<string, string>>, RegExp]>([
  ['a certificate without its key', () => ({ 'a.cert': of.client.cert }), /a\.cert has no key/],
  [
    'a key without its certificate',
    () => ({ 'a.key': of.client.key }),
    /a\.key has no certificate/,
  ],
  [
    'a key of another certificate',
    () => ({ 'a.cert': of.client.cert, 'a.key': of.server.key }),
    /unencrypted key/,
  ],
  ['what is not PEM', () => ({ 'a.cert': 'canary-x', 'a.key': 'canary-y' }), /PEM certificate/],
])('%s is an error', async (_, files, message) => {
  await place(files());
  const error = await refusal(read());
  expect(error).toMatchObject({ code: 'INPUT_INVALID', property: 'registry' });
  expect(error.message).toMatch(message);
  expect(error.message).not.toContain('canary');
  expect(shown).toEqual([]);
});

it.each<[string, () => object, string]>([
  ['a certificate alone', () => ({ clientCertificate: of.client.cert }), 'registry.clientKey'],
  ['a key alone', () => ({ clientKey: of.client.key }), 'registry.clientCertificate'],
  [
    'a key that is not a file',
    () => ({ clientCertificate: of.client.cert, clientKey: 'canary-no-file' }),
    'registry.clientKey',
  ],
  [
    'another key',
    () => ({ clientCertificate: of.client.cert, clientKey: of.server.key }),
    'registry.clientKey',
  ],
  [
    'plain http',
    () => ({ clientCertificate: of.client.cert, clientKey: of.client.key, insecure: true }),
    'registry.insecure',
  ],
])('%s is refused where it was declared', async (_, declared, property) => {
  const error = await refusal(read(declared()));
  expect(error).toMatchObject({ code: 'INPUT_INVALID', property });
  expect(error.message).not.toMatch(/canary|PRIVATE/);
});

it('the folders are those of podman and docker', async () => {
  const env = { HOME: '/home/a' };
  expect(systemCertificateFolders(env, 'linux').roots).toEqual([
    '/home/a/.config/containers/certs.d',
    '/etc/containers/certs.d',
    '/home/a/.config/docker/certs.d',
    '/etc/docker/certs.d',
  ]);
  expect(systemCertificateFolders({ PROGRAMDATA: 'data' }, 'win32').roots).toHaveLength(1);
  await place({ 'ca.crt': of.server.ca }, '127.0.0.15000');
  const folders = { roots: [folder], platform: 'win32' } as const;
  expect((await hostCertificates(['127.0.0.1:5000'], folders)).ca).toContain('CERTIFICATE');
});
