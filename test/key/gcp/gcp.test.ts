import { generateKeyPairSync, verify } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  type Damage,
  type GcpDouble,
  type GcpDoubleVersion,
  GcpRefusal,
  startGcpDouble,
} from '../../../dev/kms';
import { loadKeySigner } from '../../../src/key';
import { crc32c } from '../../../src/key/gcp/backend';
import { failureOf } from '../../sign/support/failure';
import { everythingIn, testHost } from '../../sign/support/host';

const NAME = 'projects/team/locations/europe-west3/keyRings/images/cryptoKeys/signing';
const REF = `gcpkms://${NAME}`;
const DATA = Buffer.from('what is signed');

const P256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const OTHER = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;

const UNAVAILABLE = 14;
const RESOURCE_EXHAUSTED = 8;

let gcp: GcpDouble;
beforeAll(async () => {
  gcp = await startGcpDouble();
});
afterAll(() => gcp.close());
beforeEach(() => {
  gcp.keys.clear();
  gcp.keys.set(NAME, { versions: new Map([[1, { privateKey: P256 }]]) });
  gcp.damage = undefined;
  gcp.permissions = undefined;
  gcp.fault = undefined;
  gcp.clockOffset = 0;
  gcp.calls.length = 0;
});

const machine = (env: Record<string, string> = {}) =>
  testHost({
    env: {
      GOOGLE_APPLICATION_CREDENTIALS: gcp.credentialsFile,
      CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS: gcp.url,
      ...env,
    },
  });

const signerOf = (ref = REF, env: Record<string, string> = {}) =>
  loadKeySigner({ ref }, machine(env));

const withVersions = (...versions: [number, GcpDoubleVersion][]) =>
  gcp.keys.set(NAME, { versions: new Map(versions) });

describe('a key in Google Cloud KMS signs', () => {
  it.each([
    ['cryptoKeyVersions', `${REF}/cryptoKeyVersions/1`],
    ['versions', `${REF}/versions/1`],
  ])('with the version that is named by %s', async (_, ref) => {
    withVersions([1, { privateKey: P256 }], [2, { privateKey: OTHER }]);
    const { signature } = await (await signerOf(ref)).sign(DATA);
    expect(verify('sha256', DATA, P256, signature)).toBe(true);
    expect(gcp.calls).toEqual(['GetPublicKey', 'AsymmetricSign']);
  });

  it('with the newest enabled version, by number', async () => {
    withVersions(
      [9, { privateKey: OTHER }],
      [10, { privateKey: P256 }],
      [11, { privateKey: OTHER, state: 'DISABLED' }],
    );
    const { signature } = await (await signerOf()).sign(DATA);
    expect(verify('sha256', DATA, P256, signature)).toBe(true);
  });

  it('with RSA', async () => {
    withVersions([1, { privateKey: RSA, algorithm: 'RSA_SIGN_PKCS1_2048_SHA256' }]);
    const { signature } = await (await signerOf()).sign(DATA);
    expect(verify('sha256', DATA, RSA, signature)).toBe(true);
  });

  it('with the version that it began with, though it is rotated meanwhile', async () => {
    const signer = await signerOf();
    withVersions([1, { privateKey: P256 }], [2, { privateKey: OTHER }]);
    const { signature } = await signer.sign(DATA);
    expect(verify('sha256', DATA, P256, signature)).toBe(true);
  });

  it('with no more than the least permissions', async () => {
    gcp.permissions = new Set([
      'cloudkms.cryptoKeyVersions.viewPublicKey',
      'cloudkms.cryptoKeyVersions.useToSign',
    ]);
    const { signature } = await (await signerOf(`${REF}/versions/1`)).sign(DATA);
    expect(verify('sha256', DATA, P256, signature)).toBe(true);
  });

  it.each([
    ['throttled', RESOURCE_EXHAUSTED],
    ['unavailable', UNAVAILABLE],
  ])('after it was %s for a moment', async (_, status) => {
    let left = 1;
    gcp.fault = () => (left-- > 0 ? new GcpRefusal(status, 'later') : undefined);
    const { signature } = await (await signerOf()).sign(DATA);
    expect(verify('sha256', DATA, P256, signature)).toBe(true);
  });
});

describe('a key in Google Cloud KMS is refused', () => {
  it.each<[string, GcpDoubleVersion, RegExp]>([
    [
      'that is disabled',
      { privateKey: P256, state: 'DISABLED' },
      /current state is: DISABLED|enable/,
    ],
    [
      'of another algorithm',
      { privateKey: OTHER, algorithm: 'EC_SIGN_P384_SHA384' },
      /algorithm EC_SIGN_P384_SHA384; signing needs EC_SIGN_P256_SHA256/,
    ],
    [
      'that decrypts',
      { privateKey: RSA, algorithm: 'RSA_DECRYPT_OAEP_2048_SHA256' },
      /algorithm RSA_DECRYPT/,
    ],
    [
      'that is symmetric',
      { privateKey: P256, algorithm: 'GOOGLE_SYMMETRIC_ENCRYPTION' },
      /purpose asymmetric-signing/,
    ],
    [
      'that does not match its algorithm',
      { privateKey: RSA, algorithm: 'EC_SIGN_P256_SHA256' },
      /does not match its algorithm/,
    ],
  ])('%s', async (_, version, expected) => {
    withVersions([1, version]);
    const error = await failureOf(signerOf(`${REF}/versions/1`));
    expect(error).toMatchObject({ code: 'KEY_UNSUPPORTED', property: 'key.ref' });
    expect(error.message).toMatch(expected);
    expect(error.message).toContain(REF);
    expect(gcp.calls).not.toContain('AsymmetricSign');
  });

  it('without an enabled version', async () => {
    withVersions([1, { privateKey: P256, state: 'DESTROYED' }]);
    const error = await failureOf(signerOf());
    expect(error.code).toBe('KEY_UNSUPPORTED');
    expect(error.message).toContain('no enabled version');
  });

  it('that is absent', async () => {
    gcp.keys.clear();
    const error = await failureOf(signerOf());
    expect(error).toMatchObject({ code: 'KEY_NOT_FOUND', property: 'key.ref' });
    expect(error.message).toContain('does not exist; check the project, location');
  });

  it.each([
    ['cloudkms.cryptoKeyVersions.list', REF],
    ['cloudkms.cryptoKeyVersions.viewPublicKey', `${REF}/versions/1`],
  ])('without the permission %s', async (permission, ref) => {
    gcp.permissions = new Set();
    const error = await failureOf(signerOf(ref));
    expect(error.code).toBe('KEY_FORBIDDEN');
    expect(error.message).toContain(
      `${permission} was denied; grant roles/cloudkms.signerVerifier`,
    );
  });

  it('where signing alone is denied', async () => {
    const signer = await signerOf();
    gcp.permissions = new Set(['cloudkms.cryptoKeyVersions.viewPublicKey']);
    const error = await failureOf(signer.sign(DATA));
    expect(error.code).toBe('KEY_FORBIDDEN');
    expect(error.message).toContain('cloudkms.cryptoKeyVersions.useToSign was denied');
  });

  it('where it stays throttled', async () => {
    gcp.fault = () => new GcpRefusal(RESOURCE_EXHAUSTED, 'Quota exceeded');
    const error = await failureOf(signerOf());
    expect(error.code).toBe('KEY_SERVICE_FAILED');
    expect(error.message).toContain('was throttled');
  });

  it('where the clock of this machine is a day off', async () => {
    gcp.clockOffset = 24 * 60 * 60 * 1000;
    const error = await failureOf(signerOf());
    expect(error.code).toBe('KEY_FORBIDDEN');
    expect(error.message).toContain('check the clock of this machine');
  });

  it.each<[Damage, string]>([
    ['public-key', 'the public key was corrupted'],
    ['request', 'the request to sign was corrupted'],
    ['signature', 'the signature was corrupted'],
  ])('where the %s was corrupted in transit', async (damage, expected) => {
    gcp.damage = damage;
    const error = await failureOf(signerOf().then((signer) => signer.sign(DATA)));
    expect(error.code).toBe('KEY_SERVICE_FAILED');
    expect(error.message).toContain(expected);
  });
});

describe('a machine that is not set up for Google', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gcp-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('reports credentials that cannot be read', async () => {
    const env = { GOOGLE_APPLICATION_CREDENTIALS: join(folder, 'absent.json') };
    const error = await failureOf(signerOf(REF, env));
    expect(error.code).toBe('KEY_FORBIDDEN');
    expect(error.message).toContain('which cannot be read');
  });

  it('reports credentials that are not JSON, without their content', async () => {
    const path = join(folder, 'account.json');
    await writeFile(path, '{"private_key": canary-key-of-an-account}');
    const error = await failureOf(signerOf(REF, { GOOGLE_APPLICATION_CREDENTIALS: path }));
    expect(error.message).toContain('which is not JSON');
    expect(everythingIn(error)).not.toContain('canary-key');
  });

  it('reports an endpoint that is not an https URL', async () => {
    const env = { CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS: 'http://127.0.0.1' };
    expect((await failureOf(signerOf(REF, env))).message).toContain('must be an https URL');
  });
});

describe('an invalid reference', () => {
  it.each([
    'gcpkms://team/signing',
    `gcpkms://${NAME}/cryptoKeyVersions/newest`,
    'gcpkms://projects/team/locations/europe-west3/keyRings/images',
    `gcpkms:///${NAME}`,
  ])('%s', async (ref) => {
    const error = await failureOf(signerOf(ref));
    expect(error.code).toBe('KEY_REFERENCE_INVALID');
    expect(error.message).toContain('cryptoKeys/KEY');
  });
});

test('CRC32C is the one of the standard', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  expect(crc32c(Buffer.alloc(0))).toBe(0);
});
