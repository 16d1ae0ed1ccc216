import type { SignedImageError } from '../../error';
import { type FailureMeaning, serviceFailure } from '../service-failure';

/** https://grpc.github.io/grpc/core/md_doc_statuscodes.html */
const STATUS = {
  invalidArgument: 3,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  unauthenticated: 16,
} as const;

const NO_CREDENTIALS: FailureMeaning = {
  code: 'KEY_FORBIDDEN',
  problem:
    'cannot be reached without credentials, and none were found: run `gcloud auth application-default login`, ' +
    'set GOOGLE_APPLICATION_CREDENTIALS, or give the job a service account',
};

const WRONG_CREDENTIALS: FailureMeaning = {
  code: 'KEY_FORBIDDEN',
  problem:
    'cannot be reached: Google does not accept the credentials; get new ones, and check the clock of this machine ' +
    '(`timedatectl set-ntp true`): tokens are valid for only an hour',
};

const UNREACHABLE: FailureMeaning = {
  code: 'KEY_SERVICE_FAILED',
  problem: 'cannot be reached: check the network and the proxy, then run again',
};

const BY_STATUS: Readonly<Record<number, FailureMeaning>> = {
  [STATUS.invalidArgument]: {
    code: 'KEY_UNSUPPORTED',
    problem:
      'is not a supported signing key; create one with purpose asymmetric-signing and algorithm ec-sign-p256-sha256',
  },
  [STATUS.notFound]: {
    code: 'KEY_NOT_FOUND',
    problem:
      'does not exist; check the project, location, key ring, name and version in the reference',
  },
  [STATUS.failedPrecondition]: {
    code: 'KEY_UNSUPPORTED',
    problem:
      'cannot be used in its present state; enable the version, or name another one (`gcloud kms keys versions list`)',
  },
  [STATUS.resourceExhausted]: {
    code: 'KEY_SERVICE_FAILED',
    problem:
      'was throttled: Google rejected the last retry too; run again later, or have the quota of Cloud KMS raised',
  },
  [STATUS.unauthenticated]: WRONG_CREDENTIALS,
};

function permission(needed: string): FailureMeaning {
  return {
    code: 'KEY_FORBIDDEN',
    problem:
      `may not be used by these credentials: ${needed} was denied; grant roles/cloudkms.signerVerifier on the key, ` +
      'and roles/cloudkms.viewer if the reference has no version',
  };
}

function meaningOf(error: unknown, needed: string): FailureMeaning {
  const { code, message = '' } = error as { code?: unknown; message?: string };
  if (/could not load the default credentials/i.test(message)) return NO_CREDENTIALS;
  if (/invalid_grant|invalid_client|invalid_rapt|invalid jwt/i.test(message)) {
    return WRONG_CREDENTIALS;
  }
  // After the last retry the status is that of the retries.
  const status = /RESOURCE_EXHAUSTED/.test(message) ? STATUS.resourceExhausted : code;
  if (status === STATUS.permissionDenied) return permission(needed);
  return (typeof status === 'number' ? BY_STATUS[status] : undefined) ?? UNREACHABLE;
}

export function statusOf(error: unknown): 'not-found' | 'already-exists' | 'other' {
  const { code } = error as { code?: unknown };
  if (code === STATUS.notFound) return 'not-found';
  return code === 6 ? 'already-exists' : 'other';
}

/** @param needed the permission that the call requires, for example `cloudkms.cryptoKeyVersions.useToSign` */
export function gcpFailure(description: string, needed: string, error: unknown): SignedImageError {
  return serviceFailure(description, meaningOf(error, needed), error);
}
