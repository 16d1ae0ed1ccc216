import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { LookupFunction } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type RunningRegistry, startRegistry } from '../../dev/registry';
import { type RegistryClient, type RegistryClientOptions } from '../../src/oci';
import {
  LATEST,
  refusalOf,
  repositoryOf,
  storeImage,
  testClient,
} from './support/registry-fixture';

let secure: RunningRegistry;
let plain: RunningRegistry;
let folder: string;
const clients: RegistryClient[] = [];

beforeAll(async () => {
  [secure, plain] = [await startRegistry({ tls: true }), await startRegistry()];
  folder = await mkdtemp(join(tmpdir(), 'ca-'));
  await writeFile(join(folder, 'ca.pem'), secure.ca ?? '');
  await writeFile(join(folder, 'no.pem'), 'nothing of use');
  storeImage(secure);
  storeImage(plain);
});
afterEach(async () => {
  secure.settings.faults = undefined;
  await Promise.all(clients.splice(0).map((client) => client.close()));
});
afterAll(async () => {
  await Promise.all([secure.close(), plain.close(), rm(folder, { recursive: true })]);
});

function clientOf(options: RegistryClientOptions): RegistryClient {
  const { client } = testClient(options);
  clients.push(client);
  return client;
}

/** Another name that resolves to this machine. */
const toLoopback: LookupFunction = (_host, { all }, done) =>
  all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4);
const named = (registry: RunningRegistry): string =>
  `registry.example:${registry.host.split(':')[1]}`;

describe('https', () => {
  it('trusts the authority that was declared, as text or as a file', async () => {
    for (const trust of [{ ca: secure.ca }, { caFile: join(folder, 'ca.pem') }]) {
      const client = clientOf({ registry: { host: secure.host, ...trust } });
      expect(await client.resolve(repositoryOf(secure), LATEST)).toBeDefined();
    }
  });

  it('rejects others, and reports what to declare', async () => {
    const client = clientOf({
      registry: { host: secure.host, ca: (await startedElsewhere()) ?? '' },
    });
    const error = await refusalOf(client.resolve(repositoryOf(secure), LATEST));
    expect(error.code).toBe('REGISTRY_INSECURE');
    expect(error.message).toContain('registry.caFile');
  });

  it('is not left by a redirect', async () => {
    secure.settings.faults = ({ path }) => ({
      status: 307,
      headers: { location: `${plain.url}${path}` },
    });
    const client = clientOf({ registry: { host: secure.host, ca: secure.ca } });
    const error = await refusalOf(client.resolve(repositoryOf(secure), LATEST));
    expect(error.code).toBe('REGISTRY_PROTOCOL');
    expect(error.message).toContain('from https to plain http');
  });

  it('reports a CA file that does not exist or does not contain a certificate, on its property', async () => {
    for (const name of ['absent.pem', 'no.pem']) {
      const client = clientOf({ registry: { host: secure.host, caFile: join(folder, name) } });
      const error = await refusalOf(client.resolve(repositoryOf(secure), LATEST));
      expect([error.code, error.property]).toEqual(['INPUT_INVALID', 'registry.caFile']);
    }
  });
});

describe('plain http', () => {
  it('is used for loopback hosts by default', async () => {
    const host = `localhost:${plain.host.split(':')[1]}`;
    expect(await clientOf({}).resolve(repositoryOf({ host }), LATEST)).toBeDefined();
  });

  it('is not spoken to another host: the error names the switch', async () => {
    const client = clientOf({ lookup: toLoopback });
    const error = await refusalOf(client.resolve(repositoryOf({ host: named(plain) }), LATEST));
    expect(error.code).toBe('REGISTRY_INSECURE');
    expect(error.message).toContain('registry.insecure');
    expect(error.message).toContain(named(plain));
  });

  it('is spoken to the host that it was allowed for, and to no other', async () => {
    const client = clientOf({
      lookup: toLoopback,
      registry: { host: named(plain), insecure: true },
    });
    expect(await client.resolve(repositoryOf({ host: named(plain) }), LATEST)).toBeDefined();
    const other = `other.example:${plain.host.split(':')[1]}`;
    expect((await refusalOf(client.resolve(repositoryOf({ host: other }), LATEST))).code).toBe(
      'REGISTRY_INSECURE',
    );
  });

  it('takes a token service on the host that it was allowed for', async () => {
    const host = named(plain);
    plain.settings.auth = { kind: 'bearer', users: { w: 'pw' }, realm: `http://${host}/token` };
    const options = { host, insecure: true, username: 'w', password: 'pw' };
    const client = clientOf({ lookup: toLoopback, registry: options });
    expect(await client.resolve(repositoryOf({ host }), LATEST)).toBeDefined();
    plain.settings.auth = { kind: 'none' };
  });

  it('cannot be declared together with a CA', async () => {
    const client = clientOf({ registry: { host: secure.host, ca: secure.ca, insecure: true } });
    const error = await refusalOf(client.resolve(repositoryOf(secure), LATEST));
    expect([error.code, error.property]).toEqual(['INPUT_INVALID', 'registry.insecure']);
  });
});

async function startedElsewhere(): Promise<string | undefined> {
  const other = await startRegistry({ tls: true });
  await other.close();
  return other.ca;
}
