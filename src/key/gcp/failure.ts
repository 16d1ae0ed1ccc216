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
  says:
    'cannot be reached without credentials, and none were found: run `gcloud auth application-default login`, ' +
    'set GOOGLE_APPLICATION_CREDENTIALS, or give the job a service account',
};

const WRONG_CREDENTIALS: FailureMeaning = {
  code: 'KEY_FORBIDDEN',
  says:
    'cannot be reached: Google does not accept the credentials; get new ones, and if the clock of this machine is off ' +
    'set it right (`timedatectl set-ntp true`): tokens are valid for an hour only',
};

const UNREACHABLE: FailureMeaning = {
  code: 'KEY_SERVICE_FAILED',
  says: 'cannot be reached: check the network and the proxy, then run again',
};

const BY_STATUS: Readonly<Record<number, FailureMeaning>> = {
  [STATUS.invalidArgument]: {
    code: 'KEY_UNSUPPORTED',
    says: 'is not one that can sign here; make one with purpose asymmetric-signing and algorithm ec-sign-p256-sha256',
  },
  [STATUS.notFound]: {
    code: 'KEY_NOT_FOUND',
    says: 'does not exist; check project, location, key ring, name and version of the reference',
  },
  [STATUS.failedPrecondition]: {
    code: 'KEY_UNSUPPORTED',
    says: 'cannot be used in its present state; enable the version, or name another one (`gcloud kms keys versions list`)',
  },
  [STATUS.resourceExhausted]: {
    code: 'KEY_SERVICE_FAILED',
    says: 'was asked for too often: Google still throttled the last retry; run again later, or have the quota of Cloud KMS raised',
  },
  [STATUS.unauthenticated]: WRONG_CREDENTIALS,
};

function permission(needed: string): FailureMeaning {
  return {
    code: 'KEY_FORBIDDEN',
    says:
      `may not be used by these credentials: ${needed} was denied; grant roles/cloudkms.signerVerifier on the key, ` +
      'and roles/cloudkms.viewer where the reference names no version',
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

/** @param needed the permission that the call takes, for example `cloudkms.cryptoKeyVersions.useToSign` */
export function gcpFailure(description: string, needed: string, error: unknown): SignedImageError {
  return serviceFailure(description, meaningOf(error, needed), error);
}
