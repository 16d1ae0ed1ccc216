import type { KMSClient } from '@aws-sdk/client-kms';

import type { SignedImageError } from '../../error';
import { type FailureMeaning, serviceFailure } from '../service-failure';
import { secretsOf } from './client';

const NO_CREDENTIALS: FailureMeaning = {
  code: 'KEY_FORBIDDEN',
  says:
    'cannot be reached without credentials, and none were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, ' +
    'AWS_PROFILE (after `aws sso login`), or give the job a role',
};

const WRONG_CREDENTIALS: FailureMeaning = {
  code: 'KEY_FORBIDDEN',
  says: 'cannot be reached: AWS does not accept the credentials; get new ones, and check that they belong to this account and region',
};

const CLOCK: FailureMeaning = {
  code: 'KEY_FORBIDDEN',
  says:
    'cannot be reached: AWS does not accept the signature of the request; if the clock of this machine is off set it right ' +
    '(`timedatectl set-ntp true`), else the secret access key is wrong',
};

const THROTTLED: FailureMeaning = {
  code: 'KEY_SERVICE_FAILED',
  says: 'was asked for too often: AWS still throttled the last retry; run again later, or have the request quota of KMS raised',
};

const UNREACHABLE: FailureMeaning = {
  code: 'KEY_SERVICE_FAILED',
  says: 'cannot be reached: check the endpoint and region, the network and HTTPS_PROXY, then run again',
};

const WRONG_KIND: FailureMeaning = {
  code: 'KEY_UNSUPPORTED',
  says: 'is not a key that signs; make one with key usage SIGN_VERIFY and key spec ECC_NIST_P256',
};

const UNUSABLE: FailureMeaning = {
  code: 'KEY_UNSUPPORTED',
  says: 'cannot be used in its present state: it is pending deletion, pending import or unavailable; cancel the deletion or name another key',
};

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html#API_Sign_Errors and CommonErrors */
const MEANINGS: Readonly<Record<string, FailureMeaning>> = {
  NotFoundException: {
    code: 'KEY_NOT_FOUND',
    says: 'does not exist in this account and region; check the reference, AWS_REGION and which account the credentials are of',
  },
  DisabledException: {
    code: 'KEY_UNSUPPORTED',
    says: 'is disabled; enable it (`aws kms enable-key`) or name another key',
  },
  KMSInvalidStateException: UNUSABLE,
  KeyUnavailableException: UNUSABLE,
  InvalidKeyUsageException: WRONG_KIND,
  UnsupportedOperationException: WRONG_KIND,
  InvalidArnException: {
    code: 'KEY_REFERENCE_INVALID',
    says: 'is not a reference that KMS takes; check the ARN, or the id',
  },
  ValidationException: {
    code: 'KEY_REFERENCE_INVALID',
    says: 'is not a reference that KMS takes; check the id, the alias or the ARN',
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
    says:
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
      says: 'cannot be looked for: no region is known; set AWS_REGION, or give the whole ARN',
    };
  }
  return MEANINGS[name] ?? UNREACHABLE;
}

/** @param action what was asked for, for example `kms:Sign` */
export async function awsFailure(
  description: string,
  action: string,
  error: unknown,
  client: KMSClient,
): Promise<SignedImageError> {
  return serviceFailure(description, meaningOf(error, action), error, await secretsOf(client));
}
