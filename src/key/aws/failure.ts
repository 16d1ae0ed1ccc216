import type { KMSClient } from '@aws-sdk/client-kms';

import type { SignedImageError } from '../../error';
import { type FailureMeaning, serviceFailure } from '../service-failure';
import { secretsOf } from './client';

const NO_CREDENTIALS: FailureMeaning = {
  code: 'KEY_FORBIDDEN',
  problem:
    'cannot be reached without credentials, and none were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, ' +
    'AWS_PROFILE (after `aws sso login`), or give the job a role',
};

const WRONG_CREDENTIALS: FailureMeaning = {
  code: 'KEY_FORBIDDEN',
  problem:
    'cannot be reached: AWS does not accept the credentials; get new ones, and check that they belong to this account and region',
};

const CLOCK: FailureMeaning = {
  code: 'KEY_FORBIDDEN',
  problem:
    'cannot be reached: AWS does not accept the signature of the request; check the clock of this machine ' +
    '(`timedatectl set-ntp true`) and the secret access key',
};

const THROTTLED: FailureMeaning = {
  code: 'KEY_SERVICE_FAILED',
  problem:
    'was throttled: AWS rejected the last retry too; run again later, or have the request quota of KMS raised',
};

const UNREACHABLE: FailureMeaning = {
  code: 'KEY_SERVICE_FAILED',
  problem:
    'cannot be reached: check the endpoint and region, the network and HTTPS_PROXY, then run again',
};

const WRONG_KIND: FailureMeaning = {
  code: 'KEY_UNSUPPORTED',
  problem: 'is not a signing key; create one with key usage SIGN_VERIFY and key spec ECC_NIST_P256',
};

const UNUSABLE: FailureMeaning = {
  code: 'KEY_UNSUPPORTED',
  problem:
    'cannot be used in its present state: it is pending deletion, pending import or unavailable; cancel the deletion or name another key',
};

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html#API_Sign_Errors and CommonErrors */
const MEANINGS: Readonly<Record<string, FailureMeaning>> = {
  NotFoundException: {
    code: 'KEY_NOT_FOUND',
    problem:
      'does not exist in this account and region; check the reference, AWS_REGION and the account of the credentials',
  },
  DisabledException: {
    code: 'KEY_UNSUPPORTED',
    problem: 'is disabled; enable it (`aws kms enable-key`) or name another key',
  },
  KMSInvalidStateException: UNUSABLE,
  KeyUnavailableException: UNUSABLE,
  InvalidKeyUsageException: WRONG_KIND,
  UnsupportedOperationException: WRONG_KIND,
  InvalidArnException: {
    code: 'KEY_REFERENCE_INVALID',
    problem: 'is not a valid KMS key reference; check the ARN or the id',
  },
  ValidationException: {
    code: 'KEY_REFERENCE_INVALID',
    problem: 'is not a valid KMS key reference; check the id, the alias or the ARN',
  },
  CredentialsProviderError: NO_CREDENTIALS,
  TokenProviderError: NO_CREDENTIALS,
  UnrecognizedClientException: WRONG_CREDENTIALS,
  InvalidClientTokenId: WRONG_CREDENTIALS,
  ExpiredTokenException: WRONG_CREDENTIALS,
  ExpiredToken: WRONG_CREDENTIALS,
  InvalidSignatureException: CLOCK,
  SignatureDoesNotMatch: CLOCK,
  RequestExpired: CLOCK,
  ThrottlingException: THROTTLED,
  LimitExceededException: THROTTLED,
};

function permission(action: string): FailureMeaning {
  return {
    code: 'KEY_FORBIDDEN',
    problem:
      `may not be used by these credentials: signing needs kms:GetPublicKey and kms:Sign, and ${action} was denied; ` +
      "allow both in the key's policy or in an IAM policy of the caller",
  };
}

function meaningOf(error: unknown, action: string): FailureMeaning {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  if (name === 'AccessDeniedException') return permission(action);
  if (/region is missing/i.test(message)) {
    return {
      code: 'KEY_NOT_FOUND',
      problem: 'cannot be found without a region; set AWS_REGION, or give the full ARN',
    };
  }
  return MEANINGS[name] ?? UNREACHABLE;
}

/** @param action the requested action, for example `kms:Sign` */
export async function awsFailure(
  description: string,
  action: string,
  error: unknown,
  client: KMSClient,
): Promise<SignedImageError> {
  return serviceFailure(description, meaningOf(error, action), error, await secretsOf(client));
}
