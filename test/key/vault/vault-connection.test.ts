import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { startRecordingProxy } from '../../../dev/proxy';
import { makeCertificate } from '../../../dev/registry/tls';
import { startVault } from '../../../dev/vault';
import { vaultKeys } from '../../../src/key/vault/vault-source';
import {
  at,
  expectSigned,
  home,
  hostOf,
  keep,
  refusal,
  stopAll,
  TOKEN,
  vaultWith,
} from './support/world';

afterEach(stopAll);

describe('the connection', () => {
  it('trusts VAULT_CACERT, and without it only known authorities', async () => {
    const certificate = await makeCertificate();
    const vault = await vaultWith({ certificate });
    const file = join(await home(), 'ca.pem');
    await writeFile(file, certificate.ca);
    await expectSigned(at(vault, { VAULT_CACERT: file }));
    await expectSigned(at(vault, { BAO_CACERT_BYTES: certificate.ca }));
    await expectSigned(at(vault, { VAULT_CAPATH: join(file, '..') }));
    await expectSigned(at(vault, { VAULT_SKIP_VERIFY: 'true' }));
    const error = await refusal(at(vault));
    expect(error.code).toBe('KEY_SERVICE_FAILED');
    expect(error.message).toContain('VAULT_CACERT');
    expect(vault.requests.every(({ token }) => token === TOKEN)).toBe(true);
  });

  it('uses plain http for this machine only', async () => {
    const error = await refusal(
      hostOf({ VAULT_ADDR: 'http://vault.example:8200', VAULT_TOKEN: TOKEN }),
    );
    expect(error.code).toBe('KEY_SERVICE_FAILED');
    expect(error.message).toContain('must be an https address');
  });

  it('that cannot be made names the address', async () => {
    const vault = await startVault({ rootToken: TOKEN });
    await vault.close();
    const error = await refusal(at(vault));
    expect(error.code).toBe('KEY_SERVICE_FAILED');
    expect(error.message).toContain(
      `the transit key release: ${vault.url} cannot be reached (ECONNREFUSED)`,
    );
  });

  it('that breaks off is made again', async () => {
    let cuts = 1;
    const fault = () => ((cuts -= 1) >= 0 ? { status: 0, errors: [] } : undefined);
    const vault = await vaultWith({ fault });
    await expectSigned(at(vault));
    expect(vault.requests).toHaveLength(3);
  });

  it('carries the headers of VAULT_HEADERS', async () => {
    const vault = await vaultWith();
    await expectSigned(at(vault, { VAULT_HEADERS: '{"X-Gate": "canary-gate"}' }));
    expect(vault.requests[0]?.headers['x-gate']).toBe('canary-gate');
  });

  it('follows a standby to the active node, with the token', async () => {
    const active = await vaultWith();
    const standby = await vaultWith({
      fault: ({ path }) => ({
        status: 307,
        headers: { location: `${active.url}/v1/${path}` },
        errors: [],
      }),
    });
    await expectSigned(at(standby));
    expect(active.requests.map(({ token }) => token)).toEqual([TOKEN, TOKEN]);
    const error = await refusal(at(standby, { VAULT_DISABLE_REDIRECTS: '1' }));
    expect(error.code).toBe('KEY_SERVICE_FAILED');
  });

  it.each([
    ['another path', 307, '/login'],
    ['a kind of redirect that is not of Vault', 302, '/v1/transit/keys/release'],
    ['a host over plain http', 307, 'http://elsewhere.invalid/v1/transit/keys/release'],
    ['a query', 307, '/v1/transit/keys/release?sign-in=1'],
  ])('sends no token to %s', async (_title, status, target) => {
    const trap = await vaultWith();
    const location = target.startsWith('/') ? `${trap.url}${target}` : target;
    const vault = await vaultWith({ fault: () => ({ status, headers: { location }, errors: [] }) });
    const error = await refusal(at(vault));
    expect(error.code).toBe('KEY_SERVICE_FAILED');
    expect(error.message).toContain('redirects');
    expect(trap.requests).toHaveLength(0);
  });

  it('does not follow from https to http', async () => {
    const trap = await vaultWith();
    const certificate = await makeCertificate();
    const location = `${trap.url}/v1/transit/keys/release`;
    const vault = await vaultWith({
      certificate,
      fault: () => ({ status: 307, headers: { location }, errors: [] }),
    });
    const error = await refusal(at(vault, { VAULT_CACERT_BYTES: certificate.ca }));
    expect(error.message).toContain('redirects');
    expect(trap.requests).toHaveLength(0);
  });

  it('uses the configured proxy', async () => {
    const vault = await vaultWith();
    const proxy = await startRecordingProxy();
    keep(proxy);
    await expectSigned(at(vault, { VAULT_PROXY_ADDR: proxy.url }));
    expect(proxy.requests.map(({ target }) => target)).toContain(new URL(vault.url).host);
    const wrong = await refusal(at(vault, { VAULT_PROXY_ADDR: 'canary-proxy-password' }));
    expect(wrong.message).toContain('proxy');
    expect(wrong.message).not.toContain('canary');
  });
});

describe('what is declared wrongly', () => {
  it.each([
    'hashivault://',
    'hashivault://a/b',
    'hashivault://-a',
    'openbao://a.',
    'hashivault://a b',
    'hashivault://../sys',
    'hashivault://a\n',
  ])('%j is not a reference', (ref) => {
    expect(() => vaultKeys.parse(ref)).toThrow(
      expect.objectContaining({ code: 'KEY_REFERENCE_INVALID' }),
    );
  });

  it('takes what cosign takes', () => {
    for (const name of ['a', 'release', 'a.b-c_d', '9x']) {
      expect(vaultKeys.parse(`hashivault://${name}`).description).toBe(`the transit key ${name}`);
    }
  });

  const settings: [string, NodeJS.ProcessEnv][] = [
    ['neither VAULT_ADDR nor BAO_ADDR is set', { VAULT_ADDR: '' }],
    ['VAULT_ADDR must be an address', { VAULT_ADDR: 'vault' }],
    ['must not hold a user name', { VAULT_ADDR: 'https://user:canary@vault.example' }],
    ['TRANSIT_SECRET_ENGINE_PATH must be', { TRANSIT_SECRET_ENGINE_PATH: '../sys' }],
    ['VAULT_NAMESPACE must be', { VAULT_NAMESPACE: 'a b' }],
    ['VAULT_KEY_PREFIX must name', { VAULT_KEY_PREFIX: 'v2' }],
    ['VAULT_SKIP_VERIFY must be true or false', { VAULT_SKIP_VERIFY: 'maybe' }],
    ['VAULT_HEADERS must be a JSON object', { VAULT_HEADERS: 'canary-no-json' }],
    ['VAULT_HEADERS must be a JSON object', { VAULT_HEADERS: '["a"]' }],
    ['without', { VAULT_HEADERS: '{"X-Vault-Token": "a"}' }],
    ['the file /nonexistent/ca.pem of VAULT_CACERT', { VAULT_CACERT: '/nonexistent/ca.pem' }],
    ['the folder /nonexistent of VAULT_CAPATH', { VAULT_CAPATH: '/nonexistent' }],
    ['set both or none', { VAULT_CLIENT_CERT: __filename }],
  ];
  it.each(settings)('%s', async (words, env) => {
    const host = hostOf({ VAULT_ADDR: 'https://vault.invalid', VAULT_TOKEN: TOKEN, ...env });
    const error = await refusal(host);
    expect(error.code).toBe('KEY_SERVICE_FAILED');
    expect(error.message).toContain(words);
    expect(error.message).not.toContain('canary');
  });
});
