import { generateKeyPairSync, verify } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import {
  type AzureDouble,
  type AzureDoubleKey,
  AzureRefusal,
  startAzureDouble,
} from '../../../dev/kms';
import { loadKeySigner } from '../../../src/key';
import { derOfRawSignature } from '../../../src/key/der-signature';
import { failureOf } from '../../sign/support/failure';
import { everythingIn, testHost } from '../../sign/support/host';

const REF = 'azurekms://team.vault.azure.net/signing';
const SECRET = 'canary-client-secret';
const TOKEN = 'canary-access-token';
const OLD = '0'.repeat(31) + '1';
const NEW = '0'.repeat(31) + '2';
const DATA = Buffer.from('what is signed');
const NOW = new Date('2026-03-01T12:00:00Z');
const DAY_S = 24 * 60 * 60;
const NOW_S = NOW.getTime() / 1000;

const P256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const OTHER = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const P384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const RSA_4096 = generateKeyPairSync('rsa', { modulusLength: 4096 }).privateKey;

let azure: AzureDouble;
let tenant: string;
beforeAll(async () => {
  azure = await startAzureDouble(SECRET, TOKEN);
  tenant = azure.tenant;
});
afterAll(() => azure.close());
beforeEach(() => {
  azure.keys.clear();
  azure.keys.set('signing', new Map([[OLD, { privateKey: P256 }]]));
  azure.calls.length = 0;
  azure.tenant = tenant;
  azure.fault = undefined;
  azure.signInFault = undefined;
});

const machine = (env: Record<string, string | undefined> = {}) =>
  testHost({ env: { ...azure.env, ...env }, now: () => NOW });

const signerOf = (ref = REF, env: Record<string, string | undefined> = {}) =>
  loadKeySigner({ ref }, machine(env));

const withKey = (key: AzureDoubleKey) => azure.keys.set('signing', new Map([[OLD, key]]));

const vaultCalls = () =>
  azure.calls.filter(({ host }) => host === azure.vault).map(({ line }) => line);

describe('a key in Azure Key Vault signs', () => {
  it.each<[string, AzureDoubleKey]>([
    ['ECDSA', { privateKey: P256 }],
    ['ECDSA in an HSM', { privateKey: P256, type: 'EC-HSM' }],
    ['RSA', { privateKey: RSA }],
    ['RSA in an HSM', { privateKey: RSA, type: 'RSA-HSM' }],
  ])('%s', async (_, key) => {
    withKey(key);
    const signer = await signerOf();
    // More than once: the two numbers of an ECDSA signature vary in length.
    for (let round = 0; round < 8; round += 1) {
      const { signature } = await signer.sign(DATA);
      expect(verify('sha256', DATA, key.privateKey, signature)).toBe(true);
    }
  });

  it('with the newest version, and stays with it', async () => {
    const versions = new Map([
      [OLD, { privateKey: OTHER }],
      [NEW, { privateKey: P256 }],
    ]);
    azure.keys.set('signing', versions);
    const signer = await signerOf();
    versions.set('0'.repeat(31) + '3', { privateKey: OTHER });
    const { signature } = await signer.sign(DATA);
    expect(verify('sha256', DATA, P256, signature)).toBe(true);
    expect(vaultCalls().at(-1)).toContain(`/keys/signing/${NEW}/sign`);
  });

  it('with the version that is named', async () => {
    azure.keys.set(
      'signing',
      new Map([
        [OLD, { privateKey: P256 }],
        [NEW, { privateKey: OTHER }],
      ]),
    );
    const { signature } = await (await signerOf(`${REF}/${OLD}`)).sign(DATA);
    expect(verify('sha256', DATA, P256, signature)).toBe(true);
  });

  it('after a throttled attempt', async () => {
    let left = 1;
    azure.fault = () =>
      left-- > 0
        ? new AzureRefusal(429, 'Throttled', 'Too many', undefined, { 'retry-after-ms': '1' })
        : undefined;
    const { signature } = await (await signerOf()).sign(DATA);
    expect(verify('sha256', DATA, P256, signature)).toBe(true);
  });
});

describe('a key in Azure Key Vault is refused', () => {
  it.each<[string, AzureDoubleKey, RegExp]>([
    ['that is disabled', { privateKey: P256, enabled: false }, /is disabled; enable it/],
    ['that has expired', { privateKey: P256, expires: NOW_S - DAY_S }, /expired at 2026-02-28/],
    [
      'that is not valid yet',
      { privateKey: P256, notBefore: NOW_S + DAY_S },
      /not valid before 2026-03-02/,
    ],
    [
      'that must not sign',
      { privateKey: P256, operations: ['verify'] },
      /is for verify, not for signing/,
    ],
    ['of another curve', { privateKey: P384 }, /EC, P-384.*use ECDSA P-256/],
    ['of another size', { privateKey: RSA_4096 }, /RSA 4096/],
    ['that is symmetric', { privateKey: P256, type: 'oct-HSM' }, /oct-HSM.*not a signing key/],
  ])('%s', async (_, key, expected) => {
    withKey(key);
    const error = await failureOf(signerOf());
    expect(error).toMatchObject({ code: 'KEY_UNSUPPORTED', property: 'key.ref' });
    expect(error.message).toMatch(expected);
    expect(error.message).toContain(REF);
    expect(vaultCalls().some((line) => line.startsWith('POST'))).toBe(false);
  });

  it('that is absent', async () => {
    const error = await failureOf(signerOf('azurekms://team.vault.azure.net/other'));
    expect(error).toMatchObject({ code: 'KEY_NOT_FOUND', property: 'key.ref' });
    expect(error.message).toContain('does not exist in this vault');
  });

  it('where it was disabled before it signs', async () => {
    const signer = await signerOf();
    withKey({ privateKey: P256, enabled: false });
    const error = await failureOf(signer.sign(DATA));
    expect(error.code).toBe('KEY_UNSUPPORTED');
    expect(error.message).toContain('is disabled');
  });

  it.each([
    ['keys/read', 'GET'],
    ['keys/sign', 'POST'],
  ])('without the permission %s', async (permission, method) => {
    azure.fault = ({ line }) =>
      line.startsWith(method)
        ? new AzureRefusal(403, 'Forbidden', 'Caller is not authorized', 'ForbiddenByRbac')
        : undefined;
    const error = await failureOf(signerOf().then((signer) => signer.sign(DATA)));
    expect(error.code).toBe('KEY_FORBIDDEN');
    expect(error.message).toContain(`${permission} was denied; grant the role "Key Vault Crypto`);
  });

  it('where it stays throttled', async () => {
    azure.fault = () =>
      new AzureRefusal(429, 'Throttled', 'Too many', undefined, { 'retry-after-ms': '1' });
    const error = await failureOf(signerOf());
    expect(error.code).toBe('KEY_SERVICE_FAILED');
    expect(error.message).toContain('was throttled');
  });

  it('where the vault finds the token outside of its time', async () => {
    azure.fault = () => new AzureRefusal(401, 'Unauthorized', 'AKV10065: Token is expired');
    const error = await failureOf(signerOf());
    expect(error.code).toBe('KEY_FORBIDDEN');
    expect(error.message).toContain('check the clock of this machine');
  });

  it('where the sign-in service does', async () => {
    azure.signInFault = {
      status: 400,
      body: {
        error: 'invalid_client',
        error_description:
          'AADSTS700024: Client assertion is not within its valid time range. Current time: 2026',
      },
    };
    const error = await failureOf(signerOf());
    expect(error.code).toBe('KEY_FORBIDDEN');
    expect(error.message).toContain('check the clock of this machine');
  });

  it('with a wrong secret, without showing it', async () => {
    const wrong = 'canary-wrong-secret';
    const error = await failureOf(signerOf(REF, { AZURE_CLIENT_SECRET: wrong }));
    expect(error.code).toBe('KEY_FORBIDDEN');
    expect(error.message).toContain('does not accept the credentials');
    expect(everythingIn(error)).not.toContain(wrong);
  });

  it('in a vault of another tenant', async () => {
    azure.tenant = '99999999-2222-3333-4444-555555555555';
    const error = await failureOf(signerOf());
    expect(error.code).toBe('KEY_FORBIDDEN');
    expect(error.message).toContain('AZURE_ADDITIONALLY_ALLOWED_TENANTS');
    const allowed = { AZURE_ADDITIONALLY_ALLOWED_TENANTS: azure.tenant };
    expect((await signerOf(REF, allowed)).publicKey.algorithm).toBe('ecdsa-p256-sha256');
  });

  it('where the vault fails, without the token in the error', async () => {
    azure.fault = ({ line }) =>
      line.startsWith('POST') ? new AzureRefusal(400, 'BadParameter', 'no') : undefined;
    const error = await failureOf(signerOf().then((signer) => signer.sign(DATA)));
    expect(error.code).toBe('KEY_SERVICE_FAILED');
    expect(everythingIn(error)).not.toContain(TOKEN);
    expect(everythingIn(error)).not.toContain(SECRET);
  });
});

describe('authentication', () => {
  it('has a federated token, which is shown to the sign-in service of the cloud only', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'azure-')), 'token');
    await writeFile(file, 'canary-federated-token');
    const env = { AZURE_CLIENT_SECRET: undefined, AZURE_FEDERATED_TOKEN_FILE: file };
    const { signature } = await (await signerOf(REF, env)).sign(DATA);
    expect(verify('sha256', DATA, P256, signature)).toBe(true);
    // The sign-in services of the other clouds do not have doubles.
    azure.calls.length = 0;
    const error = await failureOf(signerOf(REF, { ...env, AZURE_ENVIRONMENT: 'AZURECHINACLOUD' }));
    expect(error.code).toBe('KEY_FORBIDDEN');
    expect(azure.calls.every(({ host }) => host === azure.vault)).toBe(true);
    await rm(dirname(file), { recursive: true });
  });

  it('reports a certificate that does not exist', async () => {
    const env = {
      AZURE_CLIENT_SECRET: undefined,
      AZURE_CLIENT_CERTIFICATE_PATH: 'no/such.pem',
      AZURE_ENVIRONMENT: 'AZUREPUBLICCLOUD',
    };
    const error = await failureOf(signerOf(REF, env));
    expect(error.message).toContain(REF);
    expect(error.message).toContain('no/such.pem');
  });

  it('reports what to set if nothing is set', async () => {
    // Of all sources of the SDK only the environment: this test sends no request to another machine.
    process.env['AZURE_TOKEN_CREDENTIALS'] = 'EnvironmentCredential';
    try {
      const error = await failureOf(signerOf(REF, { AZURE_CLIENT_SECRET: undefined }));
      expect(error.code).toBe('KEY_FORBIDDEN');
      expect(error.message).toContain('az login');
    } finally {
      delete process.env['AZURE_TOKEN_CREDENTIALS'];
    }
  });
});

describe('an invalid reference', () => {
  it.each([
    'azurekms://team.vault.azure.net',
    'azurekms:///signing',
    'azurekms://team.vault.azure.net/signing/1/2',
    'azurekms://user@team.vault.azure.net/signing',
  ])('%s', async (ref) => {
    const error = await failureOf(signerOf(ref));
    expect(error.code).toBe('KEY_REFERENCE_INVALID');
    expect(error.message).toContain('azurekms://VAULT.vault.azure.net/KEY');
  });
});

describe('r||s as DER', () => {
  const half = (first: number, last: number) =>
    Buffer.concat([Buffer.of(first), Buffer.alloc(30), Buffer.of(last)]);

  it('is as short as can be, and never negative', () => {
    const der = derOfRawSignature(Buffer.concat([half(0x00, 0x7f), half(0x80, 0x01)]));
    expect(der?.toString('hex')).toBe(`3026${'02017f'}${'022100'}80${'00'.repeat(30)}01`);
  });

  it('has a zero for zero', () => {
    const der = derOfRawSignature(Buffer.alloc(64));
    expect(der?.toString('hex')).toBe('3006020100020100');
  });

  it('is nothing for another length', () => {
    expect(derOfRawSignature(Buffer.alloc(96))).toBeUndefined();
  });
});
