import { generateKeyPairSync, verify } from 'node:crypto';

import { type AwsDouble, type AwsDoubleKey, startAwsDouble } from '../../../dev/kms';
import { loadKeySigner } from '../../../src/key';
import { failureOf } from '../../sign/support/failure';
import { everythingIn, testHost } from '../../sign/support/host';

const ID = '1234abcd-12ab-34cd-56ef-1234567890ab';
const ARN = `arn:aws:kms:eu-central-1:111122223333:key/${ID}`;
const SECRET = 'canary-secret-access-key';
const SESSION = 'canary-session-token';
const DATA = Buffer.from('what is signed');

const P256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const P384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;

let aws: AwsDouble;
beforeEach(async () => {
  aws = await startAwsDouble();
  aws.keys.set(ID, { privateKey: P256 });
  aws.keys.set('alias/team', { privateKey: P256 });
});
afterEach(() => aws.close());

const machine = (env: Record<string, string | undefined> = {}) =>
  testHost({
    env: {
      AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
      AWS_SECRET_ACCESS_KEY: SECRET,
      AWS_SESSION_TOKEN: SESSION,
      AWS_REGION: 'eu-central-1',
      AWS_ENDPOINT_URL: aws.url,
      AWS_MAX_ATTEMPTS: '2',
      ...env,
    },
  });

const signerOf = (ref: string, env?: Record<string, string | undefined>) =>
  loadKeySigner({ ref }, machine(env));

async function failureFor(key: AwsDoubleKey | undefined) {
  if (key === undefined) aws.keys.delete('alias/team');
  else aws.keys.set('alias/team', key);
  return failureOf(signerOf('awskms:///alias/team'));
}

describe('a key in AWS KMS signs', () => {
  it.each([
    ['its id', `awskms:///${ID}`],
    ['an alias', 'awskms:///alias/team'],
    ['its ARN', `awskms:///${ARN}`],
    ["an alias's ARN", 'awskms:///arn:aws:kms:eu-central-1:111122223333:alias/team'],
  ])('by %s', async (_, ref) => {
    const signer = await signerOf(ref);
    const { signature } = await signer.sign(DATA);
    expect(verify('sha256', DATA, P256, signature)).toBe(true);
    expect(signer.publicKey.algorithm).toBe('ecdsa-p256-sha256');
  });

  it('with RSA', async () => {
    aws.keys.set('alias/rsa', {
      privateKey: RSA,
      spec: 'RSA_2048',
      algorithms: ['RSASSA_PSS_SHA_256', 'RSASSA_PKCS1_V1_5_SHA_256'],
    });
    const { signature } = await (await signerOf('awskms:///alias/rsa')).sign(DATA);
    expect(verify('sha256', DATA, RSA, signature)).toBe(true);
    expect(aws.calls.at(-1)?.body).toMatchObject({ SigningAlgorithm: 'RSASSA_PKCS1_V1_5_SHA_256' });
  });

  it('sending the digest only, and requesting the public key once', async () => {
    const host = machine();
    for (const text of ['one', 'two']) {
      await (await loadKeySigner({ ref: 'awskms:///alias/team' }, host)).sign(Buffer.from(text));
    }
    expect(aws.calls.map(({ action }) => action)).toEqual(['GetPublicKey', 'Sign', 'Sign']);
    expect(aws.calls.at(-1)?.body).toMatchObject({ MessageType: 'DIGEST' });
    expect(JSON.stringify(aws.calls)).not.toContain(Buffer.from('two').toString('base64'));
  });

  it('in the region of the ARN, independent of the environment', async () => {
    await signerOf(`awskms:///${ARN}`, { AWS_REGION: 'us-east-1' });
    expect(aws.calls[0]?.headers.authorization).toContain('/eu-central-1/kms/');
  });

  it('in the region of AWS_DEFAULT_REGION, which cosign reads too', async () => {
    await signerOf('awskms:///alias/team', {
      AWS_REGION: undefined,
      AWS_DEFAULT_REGION: 'eu-west-3',
    });
    expect(aws.calls[0]?.headers.authorization).toContain('/eu-west-3/kms/');
  });

  it('though the clock of this machine is an hour off', async () => {
    aws.clockOffset = 60 * 60 * 1000;
    const { signature } = await (await signerOf('awskms:///alias/team')).sign(DATA);
    expect(verify('sha256', DATA, P256, signature)).toBe(true);
    // Refused once, then right.
    expect(aws.calls.map(({ action }) => action)).toEqual(['GetPublicKey', 'GetPublicKey', 'Sign']);
  });

  it('after a throttled attempt', async () => {
    let left = 1;
    aws.fault = () =>
      left-- > 0 ? { type: 'ThrottlingException', message: 'Rate exceeded' } : undefined;
    expect((await signerOf('awskms:///alias/team')).publicKey.algorithm).toBe('ecdsa-p256-sha256');
  });
});

describe('a key in AWS KMS is refused', () => {
  it.each<[string, AwsDoubleKey | undefined, string, RegExp]>([
    ['that is absent', undefined, 'KEY_NOT_FOUND', /does not exist in this account and region/],
    [
      'that is disabled',
      { privateKey: P256, state: 'Disabled' },
      'KEY_UNSUPPORTED',
      /is disabled; enable it/,
    ],
    [
      'that is about to be deleted',
      { privateKey: P256, state: 'PendingDeletion' },
      'KEY_UNSUPPORTED',
      /pending deletion/,
    ],
    [
      'that encrypts',
      { privateKey: RSA, spec: 'RSA_2048', usage: 'ENCRYPT_DECRYPT', algorithms: [] },
      'KEY_UNSUPPORTED',
      /is for ENCRYPT_DECRYPT, not for signing/,
    ],
    [
      'of another curve',
      { privateKey: P384, spec: 'ECC_NIST_P384', algorithms: ['ECDSA_SHA_384'] },
      'KEY_UNSUPPORTED',
      /ECC_NIST_P384.*use ECDSA P-256/,
    ],
    [
      'without our algorithm',
      { privateKey: RSA, spec: 'RSA_2048', algorithms: ['RSASSA_PSS_SHA_256'] },
      'KEY_UNSUPPORTED',
      /it signs with RSASSA_PSS_SHA_256/,
    ],
  ])('%s', async (_, key, code, expected) => {
    const error = await failureFor(key);
    expect(error).toMatchObject({ code, property: 'key.ref' });
    expect(error.message).toMatch(expected);
    expect(error.message).toContain('awskms:///alias/team');
    expect(aws.calls.every(({ action }) => action !== 'Sign')).toBe(true);
  });

  it.each([
    ['AccessDeniedException', 'KEY_FORBIDDEN', /kms:GetPublicKey and kms:Sign/],
    ['UnrecognizedClientException', 'KEY_FORBIDDEN', /does not accept the credentials/],
    ['ExpiredTokenException', 'KEY_FORBIDDEN', /does not accept the credentials/],
    ['SignatureDoesNotMatch', 'KEY_FORBIDDEN', /clock of this machine/],
    ['ThrottlingException', 'KEY_SERVICE_FAILED', /was throttled/],
    ['KMSInternalException', 'KEY_SERVICE_FAILED', /run again/],
    ['UnsupportedOperationException', 'KEY_UNSUPPORTED', /not a signing key/],
    ['InvalidArnException', 'KEY_REFERENCE_INVALID', /ARN/],
  ])('with the message of AWS for %s', async (type, code, expected) => {
    aws.fault = () => ({ type, message: `message of ${type}` });
    const error = await failureOf(signerOf('awskms:///alias/team'));
    expect(error).toMatchObject({ code, property: 'key.ref' });
    expect(error.message).toMatch(expected);
    expect(error.message).toContain(`message of ${type}`);
  });

  it('where signing alone is denied, naming the permission', async () => {
    const signer = await signerOf('awskms:///alias/team');
    aws.fault = () => ({ type: 'AccessDeniedException', message: 'not authorized' });
    const error = await failureOf(signer.sign(DATA));
    expect(error.code).toBe('KEY_FORBIDDEN');
    expect(error.message).toContain('kms:Sign was denied');
  });

  it('without showing what requests are signed with, even if AWS quotes them', async () => {
    aws.fault = () => ({
      type: 'InvalidSignatureException',
      message: `The Canonical String should have been\nx-amz-security-token:${SESSION} ${SECRET}`,
    });
    const error = await failureOf(signerOf('awskms:///alias/team'));
    expect(everythingIn(error)).not.toContain(SESSION);
    expect(everythingIn(error)).not.toContain(SECRET);
  });

  it('where the endpoint does not respond', async () => {
    const env = { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' };
    const error = await failureOf(signerOf('awskms:///alias/team', env));
    expect(error.code).toBe('KEY_SERVICE_FAILED');
    expect(error.message).toContain('cannot be reached');
  });

  it('where AWS_CA_BUNDLE cannot be read', async () => {
    const error = await failureOf(signerOf('awskms:///alias/team', { AWS_CA_BUNDLE: 'no/such' }));
    expect(error.message).toContain('AWS_CA_BUNDLE names the file no/such');
  });
});

describe('a machine without a setting', () => {
  // Whatever this machine has is not to be found.
  const unset: Record<string, string> = {
    AWS_CONFIG_FILE: '/nowhere',
    AWS_SHARED_CREDENTIALS_FILE: '/nowhere',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  const before = { ...process.env };
  beforeEach(() => {
    for (const name of Object.keys(process.env)) {
      if (name.startsWith('AWS_')) delete process.env[name];
    }
    Object.assign(process.env, unset);
  });
  afterEach(() => {
    for (const name of Object.keys(unset)) delete process.env[name];
    Object.assign(process.env, before);
  });

  it('reports which credentials to set', async () => {
    const env = { AWS_ACCESS_KEY_ID: undefined, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' };
    const error = await failureOf(signerOf('awskms:///alias/team', env));
    expect(error.code).toBe('KEY_FORBIDDEN');
    expect(error.message).toContain('AWS_ACCESS_KEY_ID');
  });

  it('reports which region to set', async () => {
    const error = await failureOf(signerOf('awskms:///alias/team', { AWS_REGION: undefined }));
    expect(error.code).toBe('KEY_NOT_FOUND');
    expect(error.message).toContain('AWS_REGION');
  });
});

describe('an invalid reference', () => {
  it.each([
    'awskms://alias/team',
    'awskms:///team',
    'awskms:///arn:aws:s3:::bucket',
    'awskms:///arn:aws:kms:eu-central-1:1:key/' + ID,
    'awskms://user@host/alias/team',
    'awskms://host:port/alias/team',
  ])('%s', async (ref) => {
    const error = await failureOf(signerOf(ref));
    expect(error.code).toBe('KEY_REFERENCE_INVALID');
    expect(error.message).toContain('awskms:///alias/NAME');
  });

  it('is not repeated: it may hold a password', async () => {
    const error = await failureOf(signerOf('awskms://user:canary-word@host/alias/team'));
    expect(error.code).toBe('KEY_REFERENCE_INVALID');
    expect(everythingIn(error)).not.toContain('canary-word');
  });
});
