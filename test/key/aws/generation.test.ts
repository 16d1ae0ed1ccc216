import { createPublicKey } from 'node:crypto';

import { type AwsDouble, type AwsFault, startAwsDouble } from '../../../dev/kms';
import { generateAwsKey } from '../../../src/key/aws/generation';
import { loadKeySigner } from '../../../src/key';
import { failureOf } from '../../sign/support/failure';
import { testHost } from '../../sign/support/host';

const REF = 'awskms:///alias/images';

let aws: AwsDouble;
beforeEach(async () => {
  aws = await startAwsDouble();
});
afterEach(() => aws.close());

const host = () =>
  testHost({
    env: {
      AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'canary-secret-access-key',
      AWS_REGION: 'eu-central-1',
      AWS_ENDPOINT_URL: aws.url,
      AWS_MAX_ATTEMPTS: '1',
    },
  });

const refuse = (action: string, fault: AwsFault) => {
  aws.fault = (call) => (call.action === action ? fault : undefined);
};

const actions = () => aws.calls.map(({ action }) => action);

describe('a new key in AWS KMS', () => {
  it('is an ECDSA P-256 key by its alias, and signs at once', async () => {
    const { publicKey, summary } = await generateAwsKey(REF, host());
    expect(createPublicKey(publicKey).asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
    expect(summary).toContain(REF);
    expect((await loadKeySigner({ ref: REF }, host())).publicKey.pem).toBe(publicKey);
  });

  it('is not made where the alias is taken', async () => {
    await generateAwsKey(REF, host());
    aws.calls.length = 0;
    expect((await failureOf(generateAwsKey(REF, host()))).code).toBe('KEY_EXISTS');
    expect(actions()).toEqual(['DescribeKey']);
  });

  it('is not created where the check of the alias is denied', async () => {
    refuse('DescribeKey', { type: 'AccessDeniedException', message: 'no' });
    expect((await failureOf(generateAwsKey(REF, host()))).code).toBe('KEY_FORBIDDEN');
    expect(actions()).toEqual(['DescribeKey']);
  });

  it('needs an alias', async () => {
    const ref = 'awskms:///1234abcd-12ab-34cd-56ef-1234567890ab';
    const error = await failureOf(generateAwsKey(ref, host()));
    expect(error.code).toBe('KEY_REFERENCE_INVALID');
    expect(error.message).toContain('awskms:///alias/NAME');
    expect(actions()).toEqual([]);
  });

  it('fails where creating keys is denied', async () => {
    refuse('CreateKey', { type: 'AccessDeniedException', message: 'no' });
    const error = await failureOf(generateAwsKey(REF, host()));
    expect(error.code).toBe('KEY_FORBIDDEN');
    expect(error.message).toContain('kms:CreateKey was denied');
  });

  it('is given back where another took the alias meanwhile', async () => {
    refuse('CreateAlias', { type: 'AlreadyExistsException', message: 'taken' });
    const error = await failureOf(generateAwsKey(REF, host()));
    expect(error.code).toBe('KEY_EXISTS');
    expect(error.message).toContain('will be deleted in 7 days');
    expect(actions().at(-1)).toBe('ScheduleKeyDeletion');
  });

  it('is named where it cannot be given back', async () => {
    aws.fault = ({ action }) =>
      ['CreateAlias', 'ScheduleKeyDeletion'].includes(action)
        ? { type: 'AccessDeniedException', message: 'no' }
        : undefined;
    const error = await failureOf(generateAwsKey(REF, host()));
    expect(error.code).toBe('KEY_FORBIDDEN');
    expect(error.message).toContain('aws kms schedule-key-deletion --key-id');
  });
});
