import dns from 'node:dns';
import { appendFileSync, mkdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { googleCloud } from '../../dev/identity';
import { trustAuthority } from '../../dev/kms/trust';
import { type RecordingProxy, startRecordingProxy } from '../../dev/proxy';
import { makeCertificate } from '../../dev/registry/tls';
import { startSigstore } from '../../dev/sigstore';
import { resolveIdentityProvider } from '../../src/identity';
import { testHost } from '../sign/support/host';
import { DOMAIN } from './support/front';
import { startStunnel, startTinyproxy } from './support/real-proxies';
import { NAMES, type Services, startServices } from './support/services';

const USER = 'builder';
const PASSWORD = 'canary-proxy-password';

/** A proxy that is used, and the one behind it that records. */
interface Setup {
  readonly url: string;
  readonly recorder: RecordingProxy;
}

let services: Services;
let folder: string;
/** Names that this process resolved by itself. */
const resolved: string[] = [];
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'proxies-'));
  services = await startServices();
  closing.push(trustAuthority(services.front.ca));
  const lookup = dns.lookup;
  jest.spyOn(dns, 'lookup').mockImplementation(((name: string, ...rest: unknown[]) => {
    if (!name.endsWith(`.${DOMAIN}`)) return (lookup as (...all: unknown[]) => void)(name, ...rest);
    resolved.push(name);
    const options = rest[0] as { readonly all?: boolean };
    const done = rest.at(-1) as (...found: unknown[]) => void;
    if (options.all) done(null, [{ address: '127.0.0.1', family: 4 }]);
    else done(null, '127.0.0.1', 4);
  }) as never);
});
afterAll(async () => {
  for (const close of closing.reverse()) await close();
  await services.close();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  resolved.splice(0);
  services.front.clear();
});
afterEach(() => {
  delete process.env['HTTPS_PROXY'];
  delete process.env['NO_PROXY'];
});

async function recording(
  options: Parameters<typeof startRecordingProxy>[0] = {},
): Promise<RecordingProxy> {
  const recorder = await startRecordingProxy({
    locate: (target) => target.replace(/^[^:]*/, '127.0.0.1'),
    ...options,
  });
  closing.push(() => recorder.close());
  return recorder;
}

const withUser = (url: string): string => url.replace('//', `//${USER}:${PASSWORD}@`);

const SETUPS: readonly (readonly [string, () => Promise<Setup>])[] = [
  [
    'a recording proxy with credentials',
    async () => {
      const recorder = await recording({ credentials: `${USER}:${PASSWORD}` });
      return { url: withUser(recorder.url), recorder };
    },
  ],
  [
    'a recording proxy behind TLS',
    async () => {
      const tls = await makeCertificate();
      closing.push(trustAuthority(tls.ca));
      const recorder = await recording({ tls });
      return { url: recorder.url, recorder };
    },
  ],
  [
    'tinyproxy with credentials',
    async () => {
      const recorder = await recording();
      const proxy = await startTinyproxy(folder, recorder.host, USER, PASSWORD);
      closing.push(() => proxy.close());
      return { url: withUser(`http://${proxy.host}`), recorder };
    },
  ],
  [
    'tinyproxy behind stunnel',
    async () => {
      const recorder = await recording();
      const proxy = await startTinyproxy(folder, recorder.host, USER, PASSWORD);
      closing.push(() => proxy.close());
      const tunnel = await startStunnel(folder, proxy.host);
      closing.push(() => tunnel.close(), trustAuthority(tunnel.ca));
      return { url: withUser(`https://${tunnel.host}`), recorder };
    },
  ],
];

function record(through: readonly string[], past: readonly string[]): void {
  const file = process.env['PROXY_TALLY'];
  if (file === undefined) return;
  mkdirSync(dirname(file), { recursive: true });
  appendFileSync(file, `${JSON.stringify({ through, past })}\n`);
}

describe.each(SETUPS)('%s', (_, start) => {
  let setup: Setup;
  beforeAll(async () => {
    setup = await start();
  });
  const tunnels = (name: string): number =>
    setup.recorder.requests.filter(({ target }) => target === services.front.hostOf(name)).length;

  it('every service is reached through it', async () => {
    process.env['HTTPS_PROXY'] = setup.url;
    for (const name of NAMES) await services.use(name, { HTTPS_PROXY: setup.url });
    const through = NAMES.filter((name) => tunnels(name) > 0);
    const past = [...new Set(resolved)];
    record(through, past);
    expect(through).toEqual(NAMES);
    expect(past).toEqual([]);
    expect([...services.front.requests.keys()].sort()).toEqual([...NAMES].sort());
  });

  it('none does that NO_PROXY names', async () => {
    setup.recorder.clear();
    process.env['HTTPS_PROXY'] = setup.url;
    process.env['NO_PROXY'] = DOMAIN;
    for (const name of NAMES) {
      const used = services.use(name, { HTTPS_PROXY: setup.url, NO_PROXY: DOMAIN });
      // Where no proxy resolves names, a token service on loopback is refused (docs/registries.md).
      if (name === 'registry' || name === 'token')
        await expect(used).rejects.toThrow('is on this machine or link');
      else await used;
    }
    // The name of each was resolved here: that is how a connection past the proxy is noticed.
    expect([...new Set(resolved)].sort()).toEqual(NAMES.map((name) => `${name}.${DOMAIN}`).sort());
    const reached = NAMES.filter((name) => name !== 'token');
    expect(NAMES.filter((name) => tunnels(name) > 0)).toEqual([]);
    expect([...services.front.requests.keys()].sort()).toEqual([...reached].sort());
  });
});

it("requests to a cloud's metadata server never use a proxy", async () => {
  const recorder = await recording();
  const sigstore = await startSigstore();
  const google = await googleCloud(sigstore.issuer);
  closing.push(
    () => google.stop(),
    () => sigstore.close(),
  );
  const { port } = new URL(`http://${google.env['GCE_METADATA_HOST']}`);
  const env = {
    ...google.env,
    GCE_METADATA_HOST: `metadata.${DOMAIN}:${port}`,
    HTTP_PROXY: recorder.url,
  };
  const provider = await resolveIdentityProvider({ provider: 'google' }, testHost({ env }));
  expect(await provider.getToken()).toMatch(/^ey/);
  expect(recorder.requests).toEqual([]);
});
