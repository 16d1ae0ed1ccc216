import {
  type RunningTransitEngine,
  type RunningVault,
  startTransitEngine,
  startVault,
} from '../../dev/vault';
import { type KeyHost, loadKeySigner, loadPublicKey, processHost } from '../../src/sign';
import { vaultKeys } from '../../src/key/vault/vault-source';
import { startStack, type Stack } from '../interop/support/stack';
import { failureOf } from '../sign/support/failure';

const TOKEN = 'canary-token-of-the-engine';
const data = Buffer.from('what is signed');
const digest = Buffer.alloc(32, 7).toString('base64');

let engine: RunningTransitEngine;
let double: RunningVault;
beforeAll(async () => {
  engine = await startTransitEngine(TOKEN);
  double = await startVault({ rootToken: TOKEN });
});
afterAll(() => Promise.all([engine.stop(), double.close()]));

const hostOf = (url: string): KeyHost => ({
  ...processHost(),
  env: { VAULT_ADDR: url, VAULT_TOKEN: TOKEN },
});

interface Answer {
  readonly status: number;
  readonly json: { readonly data?: Readonly<Record<string, unknown>>; readonly errors?: unknown };
}

async function ask(url: string, method: string, path: string, body?: object): Promise<Answer> {
  const response = await fetch(`${url}/v1/transit/${path}`, {
    method,
    headers: { 'x-vault-token': TOKEN },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: response.status, json: (await response.json()) as Answer['json'] };
}

/** Names of members, and values that identify them. */
function shapeOf({ status, json }: Answer): unknown {
  const { keys, signature, ...rest } = json.data ?? {};
  const versions = Object.entries((keys ?? {}) as Record<string, object | number>);
  return {
    status,
    errors: json.errors,
    signature: typeof signature === 'string' ? signature.split(':').slice(0, 2) : undefined,
    versions: versions.map(([version, key]) => [version, typeof key]),
    type: rest['type'],
    latest: rest['latest_version'],
    version: rest['key_version'],
    valid: rest['valid'],
  };
}

const sign = { input: digest, prehashed: true, signature_algorithm: 'pkcs1v15' };

describe("the double answers as Vault's own engine", () => {
  it.each([
    ['a key that is not there', 'GET', 'keys/none', undefined],
    ['a signature without a key', 'POST', 'sign/none/sha2-256', sign],
    ['a rotation without a key', 'POST', 'keys/none/rotate', {}],
    ['a new key', 'POST', 'keys/fresh', { type: 'ecdsa-p256' }],
    ['a new key that is there', 'POST', 'keys/fresh', { type: 'rsa-2048' }],
    ['an unknown type', 'POST', 'keys/odd', { type: 'odd' }],
    ['an AES key', 'POST', 'keys/aes', {}],
    ['a signature with an AES key', 'POST', 'sign/aes/sha2-256', sign],
    ['a signature', 'POST', 'sign/fresh/sha2-256', { ...sign, key_version: 1 }],
    [
      'a signature of "0", as cosign requests',
      'PUT',
      'sign/fresh/sha2-256',
      { ...sign, key_version: '0' },
    ],
    ['an unknown hash', 'POST', 'sign/fresh/sha9', sign],
    ['a version above the latest', 'POST', 'sign/fresh/sha2-256', { ...sign, key_version: 9 }],
    ['a rotation', 'POST', 'keys/fresh/rotate', {}],
    ['a least version', 'POST', 'keys/fresh/config', { min_encryption_version: 2 }],
    ['a version below it', 'POST', 'sign/fresh/sha2-256', { ...sign, key_version: 1 }],
    ['a key with two versions', 'GET', 'keys/fresh', undefined],
  ])('%s', async (_title, method, path, body) => {
    const [real, ours] = await Promise.all([
      ask(engine.url, method, path, body),
      ask(double.url, method, path, body),
    ]);
    expect(shapeOf(ours)).toEqual(shapeOf(real));
  });
});

describe("Vault's own engine", () => {
  it('creates a key, keeps its version during a rotation, and does not overwrite it', async () => {
    const ref = 'hashivault://kept';
    const host = hostOf(engine.url);
    const { publicKey } = await vaultKeys.generate!(ref, {}, host);
    const signer = await loadKeySigner({ ref }, host);
    await ask(engine.url, 'POST', 'keys/kept/rotate', {});
    await signer.sign(data);
    expect(signer.publicKey.pem).toBe(publicKey);
    expect((await loadPublicKey(ref, hostOf(engine.url))).pem).not.toBe(publicKey);
    expect((await failureOf(vaultKeys.generate!(ref, {}, host))).code).toBe('KEY_EXISTS');
  });

  it.each(['ed25519', 'ecdsa-p384', 'rsa-4096', 'aes256-gcm96', 'hmac'])(
    'has keys of the type %s, which are reported as such',
    async (type) => {
      await ask(engine.url, 'POST', `keys/other-${type}`, {
        type,
        ...(type === 'hmac' && { key_size: 32 }),
      });
      const ref = `hashivault://other-${type}`;
      expect((await failureOf(loadKeySigner({ ref }, hostOf(engine.url)))).code).toBe(
        'KEY_UNSUPPORTED',
      );
    },
  );
});

describe('a key that cosign made there', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ referrersApi: true });
  });
  afterAll(() => stack.close());

  it('signs for us', async () => {
    const ref = 'hashivault://by-cosign';
    const env = { VAULT_ADDR: engine.url, VAULT_TOKEN: TOKEN };
    const made = await stack.cosign(['generate-key-pair', '--kms', ref], env);
    expect(made).toMatchObject({ code: 0 });
    const { signature } = await (await loadKeySigner({ ref }, hostOf(engine.url))).sign(data);
    expect(signature.length).toBeGreaterThan(64);
  });
});
