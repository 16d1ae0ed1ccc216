import { createPublicKey, verify } from 'node:crypto';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { VaultOptions } from '../../../dev/vault';
import { type KeyHost, loadKeySigner, loadPublicKey } from '../../../src/key';
import { vaultKeys } from '../../../src/key/vault/vault-source';
import { failureOf } from '../../sign/support/failure';
import {
  at,
  data,
  expectSigned,
  home,
  hostOf,
  OTHER,
  REF,
  refusal,
  stopAll,
  TOKEN,
  vaultWith,
} from './support/world';

afterEach(stopAll);

describe('a transit key', () => {
  it.each(['ecdsa-p256', 'rsa-2048'] as const)('of the type %s signs', async (type) => {
    const vault = await vaultWith();
    vault.makeKey('other', type);
    await expectSigned(at(vault), 'hashivault://other');
    expect(vault.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET transit/keys/other',
      'POST transit/sign/other/sha2-256',
    ]);
  });

  it('is the same for both kinds of reference and of variables', async () => {
    const vault = await vaultWith();
    const bao = hostOf({ BAO_ADDR: `${vault.url}/`, BAO_TOKEN: TOKEN });
    await expectSigned(bao, 'openbao://release');
    expect((await loadPublicKey('openbao://release', bao)).keyId).toBe(
      (await loadPublicKey(REF, at(vault, { BAO_ADDR: 'https://other.invalid' }))).keyId,
    );
  });

  it('is found at another mount path and in a namespace', async () => {
    const vault = await vaultWith({ mount: 'teams/transit', namespace: 'build' });
    await expectSigned(
      at(vault, { TRANSIT_SECRET_ENGINE_PATH: '/teams/transit/', VAULT_NAMESPACE: 'build/' }),
    );
  });

  it('signs with the version that was the latest when it was opened, also after a rotation', async () => {
    const vault = await vaultWith();
    const signer = await loadKeySigner({ ref: REF }, at(vault));
    vault.rotate('release');
    const { signature } = await signer.sign(data);
    expect(verify('sha256', data, signer.publicKey.pem, signature)).toBe(true);
    await expectSigned(at(vault));
    expect((await loadPublicKey(REF, at(vault))).keyId).not.toBe(signer.publicKey.keyId);
  });

  it('is pinned to a version by VAULT_KEY_PREFIX', async () => {
    const vault = await vaultWith();
    const first = await loadPublicKey(REF, at(vault));
    vault.rotate('release');
    const pinned = at(vault, { VAULT_KEY_PREFIX: 'vault:v1:' });
    expect((await loadPublicKey(REF, pinned)).keyId).toBe(first.keyId);
    await expectSigned(pinned);
    const missing = await refusal(at(vault, { VAULT_KEY_PREFIX: 'vault:v9:' }));
    expect(missing).toMatchObject({ code: 'KEY_NOT_FOUND', property: 'key.ref' });
    expect(missing.message).toContain('no version 9 (the latest is 2)');
  });

  it('is read once, however many images there are', async () => {
    const vault = await vaultWith();
    const host = at(vault);
    await Promise.all([expectSigned(host), expectSigned(host), loadPublicKey(REF, host)]);
    expect(vault.requests.filter(({ method }) => method === 'GET')).toHaveLength(1);
  });
});

describe('the token', () => {
  it('is read from ~/.vault-token', async () => {
    const vault = await vaultWith();
    const folder = await home();
    await writeFile(join(folder, '.vault-token'), `${TOKEN}\n`);
    await expectSigned(hostOf({ VAULT_ADDR: vault.url, HOME: folder }));
  });

  it('comes from the token helper of ~/.vault', async () => {
    const vault = await vaultWith();
    const folder = await home();
    const helper = join(folder, 'helper');
    await writeFile(helper, `#!/bin/sh\n[ "$1" = get ] && echo "$KEPT"\n`);
    await chmod(helper, 0o700);
    await writeFile(join(folder, '.vault'), `token_helper = "${helper}"\n`);
    await writeFile(join(folder, '.vault-token'), OTHER);
    await expectSigned(hostOf({ VAULT_ADDR: vault.url, HOME: folder, KEPT: TOKEN }));
  });

  it('of a failing helper is not read elsewhere, and its output is not reported', async () => {
    const vault = await vaultWith();
    const folder = await home();
    const helper = join(folder, 'helper');
    await writeFile(helper, `#!/bin/sh\necho ${TOKEN}; echo ${TOKEN} >&2; exit 3\n`);
    await chmod(helper, 0o700);
    await writeFile(join(folder, 'config.hcl'), `token_helper = "${helper}"\n`);
    const env = { VAULT_ADDR: vault.url, HOME: folder };
    const error = await refusal(hostOf({ ...env, VAULT_CONFIG_PATH: join(folder, 'config.hcl') }));
    expect(error.code).toBe('KEY_FORBIDDEN');
    expect(error.message).toContain('failed (3)');
    expect(error.message + String(error.cause)).not.toContain(TOKEN);
    await writeFile(join(folder, '.vault'), 'token_helper = "helper"\n');
    expect((await refusal(hostOf(env))).message).toContain('must be an absolute path');
  });

  it('that is missing is reported, with the remedy', async () => {
    const vault = await vaultWith();
    const error = await refusal(hostOf({ VAULT_ADDR: vault.url, HOME: await home() }));
    expect(error.code).toBe('KEY_FORBIDDEN');
    expect(error.message).toContain('vault login');
    expect(vault.requests).toHaveLength(0);
  });

  it('that is invalid is not sent, and not retried', async () => {
    const vault = await vaultWith();
    const error = await refusal(at(vault, { VAULT_TOKEN: `${TOKEN}\nx-evil: 1` }));
    expect(error.code).toBe('KEY_FORBIDDEN');
    expect(error.message).toContain('VAULT_TOKEN does not contain a valid token');
    expect(error.message).not.toContain(TOKEN);
    expect(vault.requests).toHaveLength(0);
  });

  it('that cannot be read from its file is reported', async () => {
    const vault = await vaultWith();
    const host = hostOf({ VAULT_ADDR: vault.url });
    const readFile = async (): Promise<string> => {
      throw Object.assign(new Error('no'), { code: 'EACCES' });
    };
    expect((await refusal({ ...host, readFile })).message).toContain('cannot be read (EACCES)');
  });
});

describe('a no of Vault', () => {
  const cases: [string, Partial<VaultOptions>, NodeJS.ProcessEnv, string, string, string][] = [
    ['an unknown token', {}, { VAULT_TOKEN: OTHER }, 'KEY_FORBIDDEN', 'has expired', REF],
    [
      'no policy to read the key',
      { tokens: { [OTHER]: [] } },
      { VAULT_TOKEN: OTHER },
      'KEY_FORBIDDEN',
      'path "transit/keys/release" { capabilities = ["read"] }',
      REF,
    ],
    ['no such key', {}, {}, 'KEY_NOT_FOUND', 'keys generate --kms', 'hashivault://absent'],
    [
      'no such mount',
      {},
      { TRANSIT_SECRET_ENGINE_PATH: 'elsewhere' },
      'KEY_NOT_FOUND',
      'vault secrets enable transit',
      REF,
    ],
    ['another namespace', { namespace: 'a' }, {}, 'KEY_NOT_FOUND', 'VAULT_NAMESPACE', REF],
  ];
  it.each(cases)('%s', async (_title, options, env, code, words, ref) => {
    const vault = await vaultWith(options);
    const error = await refusal(at(vault, env), ref);
    expect(error).toMatchObject({ code, property: 'key.ref' });
    expect(error.message).toContain(words);
    expect(error.message).toContain(ref.slice('hashivault://'.length));
    expect(error.message).not.toContain('canary');
  });

  it('without a policy to sign names it', async () => {
    const policy = { path: 'transit/keys/release', capabilities: ['read'] } as const;
    const vault = await vaultWith({ tokens: { [OTHER]: [policy] } });
    const signer = await loadKeySigner({ ref: REF }, at(vault, { VAULT_TOKEN: OTHER }));
    const error = await failureOf(signer.sign(data));
    expect(error.code).toBe('KEY_FORBIDDEN');
    expect(error.message).toContain(
      'path "transit/sign/release/sha2-256" { capabilities = ["update"] }',
    );
  });

  it('of a sealed one comes at once', async () => {
    const vault = await vaultWith();
    vault.setSealed(true);
    const error = await refusal(at(vault));
    expect(error.code).toBe('KEY_SERVICE_FAILED');
    expect(error.message).toContain('is sealed');
    expect(vault.requests).toHaveLength(1);
  });

  it.each(['ecdsa-p384', 'ed25519', 'aes256-gcm96', 'rsa-4096'] as const)(
    'for a key of the type %s',
    async (type) => {
      const vault = await vaultWith();
      vault.makeKey('other', type);
      const error = await refusal(at(vault), 'hashivault://other');
      expect(error).toMatchObject({ code: 'KEY_UNSUPPORTED', property: 'key.ref' });
      expect(error.message).toContain('the transit key other');
    },
  );

  it('for a version that signs no more', async () => {
    const vault = await vaultWith();
    const signer = await loadKeySigner({ ref: REF }, at(vault));
    vault.rotate('release');
    vault.setMinEncryptionVersion('release', 2);
    const error = await failureOf(signer.sign(data));
    expect(error.code).toBe('KEY_UNSUPPORTED');
    expect(error.message).toContain('less than the minimum encryption key version');
  });

  it('that passes is waited for', async () => {
    let busy = 2;
    const fault = () =>
      (busy -= 1) >= 0
        ? { status: 429, headers: { 'retry-after': '0' }, errors: ['quota'] }
        : undefined;
    const vault = await vaultWith({ fault });
    await expectSigned(at(vault));
    busy = 10;
    const error = await refusal(at(vault));
    expect(error.code).toBe('KEY_SERVICE_FAILED');
    expect(error.message).toContain('throttled the request');
  });

  it.each([
    [500, 'KEY_SERVICE_FAILED', 'try again later', ['internal error']],
    [405, 'KEY_NOT_FOUND', 'another engine', ['unsupported operation']],
    [400, 'KEY_UNSUPPORTED', 'of this type', ['key type hmac does not support signing']],
    [400, 'KEY_NOT_FOUND', 'no such key', ['signing key not found']],
    [400, 'KEY_SERVICE_FAILED', 'odd: [redacted]', [`odd: ${TOKEN}`]],
    [418, 'KEY_SERVICE_FAILED', 'check VAULT_ADDR', []],
  ] as const)('%i is %s: %s', async (status, code, words, errors) => {
    const headers = { 'retry-after': '0' };
    const vault = await vaultWith({ fault: () => ({ status, headers, errors: [...errors] }) });
    const error = await refusal(at(vault));
    expect(error.code).toBe(code);
    expect(error.message).toContain(words);
    expect(error.message).not.toContain(TOKEN);
  });
});

describe('making a key', () => {
  const generate = (host: KeyHost, ref = 'openbao://fresh') => vaultKeys.generate!(ref, {}, host);

  it('creates a signing key, and returns its public key', async () => {
    const vault = await vaultWith();
    const { publicKey, summary } = await generate(at(vault));
    expect(createPublicKey(publicKey).asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
    expect(summary).toContain('the transit key fresh');
    expect((await loadPublicKey('openbao://fresh', at(vault))).pem).toBe(publicKey);
    await expectSigned(at(vault), 'openbao://fresh');
  });

  it('leaves an existing one as it is', async () => {
    const vault = await vaultWith();
    const error = await failureOf(generate(at(vault), REF));
    expect(error.code).toBe('KEY_EXISTS');
    expect(error.message).toContain('transit/keys/release/rotate');
    expect(vault.requests.map(({ method }) => method)).toEqual(['GET']);
  });

  it('distinguishes a missing mount from a missing key', async () => {
    const vault = await vaultWith();
    const error = await failureOf(generate(at(vault, { TRANSIT_SECRET_ENGINE_PATH: 'other' })));
    expect(error.code).toBe('KEY_NOT_FOUND');
    expect(error.message).toContain('vault secrets enable transit');
  });

  it('names the policy that it lacks', async () => {
    const policy = { path: 'transit/keys/*', capabilities: ['read'] } as const;
    const vault = await vaultWith({ tokens: { [OTHER]: [policy] } });
    const error = await failureOf(generate(at(vault, { VAULT_TOKEN: OTHER })));
    expect(error.code).toBe('KEY_FORBIDDEN');
    expect(error.message).toContain('path "transit/keys/fresh" { capabilities = ["create"] }');
  });
});
