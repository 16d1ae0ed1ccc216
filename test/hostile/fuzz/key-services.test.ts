import fc from 'fast-check';

import { parsePkcs11Uri, showPkcs11Uri } from '../../../src/key/pkcs11/pkcs11-uri';
import { parseTransitKey, parseTransitSignature } from '../../../src/key/vault/transit-key';
import { readVaultSettings } from '../../../src/key/vault/vault-settings';
import { processHost, parseKeyReference } from '../../../src/sign';
import { anyBytes, expectRobust, mangled, mutated, nastyText, RUNS } from './support/robust';

const URI =
  'pkcs11:token=My%20Token;slot-id=1;serial=2;id=%ff%00;object=a%3Bb?module-path=/m.so&pin-value=1';

const words = fc.constantFrom(
  ...[
    'token',
    'slot-id',
    'id',
    'object',
    'module-path',
    'pin-value',
    'pin-source',
    'x-a',
    '__proto__',
  ],
);
const values = fc.oneof(
  nastyText,
  anyBytes.map((bytes) => bytes.toString('hex').replace(/../g, '%$&')),
);
const attributes = fc.array(fc.tuple(words, fc.constantFrom('=', ''), values), { maxLength: 6 });
const built = fc
  .tuple(attributes, attributes, fc.constantFrom(';', '&'))
  .map(([path, query, separator]) =>
    [path, query]
      .map((part) =>
        part.map(([name, equals, value]) => `${name}${equals}${value}`).join(separator),
      )
      .join('?'),
  )
  .map((rest) => `pkcs11:${rest}`);
const uris = fc.oneof(
  mangled(Buffer.from(URI)).map((bytes) => bytes.toString('latin1')),
  nastyText.map((text) => `pkcs11:${text}`),
  built,
);

test('pkcs11: URIs', async () => {
  await expectRobust(uris, parsePkcs11Uri, 5 * RUNS);
  await expectRobust(uris, parseKeyReference);
});

test('a pkcs11: URI that is taken is shown as one that means the same, without the PIN', async () => {
  await expectRobust(uris, (text) => {
    const uri = parsePkcs11Uri(text);
    const shown = parsePkcs11Uri(showPkcs11Uri(uri));
    expect(shown).toEqual({ ...uri, pinValue: undefined, pinSource: undefined });
  });
});

test('references of Vault', async () => {
  await expectRobust(nastyText, (text) => parseKeyReference(`hashivault://${text}`));
  await expectRobust(nastyText, (text) => parseKeyReference(`openbao://${text}`));
});

test("Vault's settings", async () => {
  const names = fc.constantFrom(
    ...['VAULT_ADDR', 'TRANSIT_SECRET_ENGINE_PATH', 'VAULT_NAMESPACE', 'VAULT_KEY_PREFIX'],
    ...['VAULT_SKIP_VERIFY', 'VAULT_HEADERS', 'VAULT_CACERT_BYTES', 'BAO_PROXY_ADDR'],
  );
  const environments = fc.dictionary(names, nastyText).map((set) => ({
    VAULT_ADDR: 'https://vault.invalid',
    ...set,
  }));
  await expectRobust(environments, (env) => readVaultSettings({ ...processHost(), env }));
});

test("Vault's answers", async () => {
  const publicKey = '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n';
  const key = {
    data: {
      type: 'ecdsa-p256',
      latest_version: 2,
      keys: { 1: { name: 'P-256', public_key: publicKey }, 2: { public_key: publicKey } },
    },
  };
  const objects = (document: object) =>
    mutated(document).map((value) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? (value as Record<string, unknown>)
        : {},
    );
  await expectRobust(objects(key), (json) => parseTransitKey(json, undefined));
  await expectRobust(objects(key), (json) => parseTransitKey(json, 1));
  const signature = { data: { signature: 'vault:v1:AAAA' } };
  await expectRobust(objects(signature), (json) => parseTransitSignature(json, 1));
});
