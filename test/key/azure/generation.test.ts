import { createPublicKey, generateKeyPairSync } from 'node:crypto';

import { type AzureDouble, AzureRefusal, startAzureDouble } from '../../../dev/kms';
import { loadKeySigner } from '../../../src/key';
import { generateAzureKey } from '../../../src/key/azure/generation';
import { failureOf } from '../../sign/support/failure';
import { testHost } from '../../sign/support/host';

const REF = 'azurekms://team.vault.azure.net/images';

let azure: AzureDouble;
beforeAll(async () => {
  azure = await startAzureDouble('canary-client-secret', 'canary-access-token');
});
afterAll(() => azure.close());
beforeEach(() => {
  azure.keys.clear();
  azure.deleted.clear();
  azure.calls.length = 0;
  azure.fault = undefined;
});

const host = () => testHost({ env: azure.env });
const made = () => azure.calls.some(({ line }) => line.startsWith('POST /keys/images/create'));

describe('a new key in Azure Key Vault', () => {
  it('is an ECDSA P-256 key, and signs at once', async () => {
    const { publicKey, summary } = await generateAzureKey(REF, host());
    expect(createPublicKey(publicKey).asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
    expect(summary).toContain(REF);
    expect((await loadKeySigner({ ref: REF }, host())).publicKey.pem).toBe(publicKey);
  });

  it.each([
    ['usable', {}],
    ['disabled', { enabled: false }],
  ])('is not made, nor a new version, where there is a %s one', async (_, state) => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    azure.keys.set('images', new Map([['1', { privateKey, ...state }]]));
    expect((await failureOf(generateAzureKey(REF, host()))).code).toBe('KEY_EXISTS');
    expect(made()).toBe(false);
  });

  it('is not made under the name of a deleted one', async () => {
    azure.deleted.add('images');
    const error = await failureOf(generateAzureKey(REF, host()));
    expect(error.code).toBe('KEY_EXISTS');
    expect(error.message).toContain('az keyvault key recover');
  });

  it('names no version', async () => {
    const error = await failureOf(generateAzureKey(`${REF}/1`, host()));
    expect(error.code).toBe('KEY_REFERENCE_INVALID');
    expect(azure.calls).toEqual([]);
  });

  it.each([
    ['keys/read', 'GET'],
    ['keys/create', 'POST'],
  ])('needs the permission %s', async (missing, method) => {
    azure.fault = ({ line }) =>
      line.startsWith(method) ? new AzureRefusal(403, 'Forbidden', 'not authorized') : undefined;
    const error = await failureOf(generateAzureKey(REF, host()));
    expect(error.code).toBe('KEY_FORBIDDEN');
    expect(error.message).toContain(`${missing} was denied`);
  });
});
