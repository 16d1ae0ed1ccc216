import type { SignedImageError } from '../../error';
import { type FailureMeaning, serviceFailure } from '../service-failure';

const NO_CREDENTIALS: FailureMeaning = {
  code: 'KEY_FORBIDDEN',
  problem:
    'cannot be reached without credentials, and none were found: run `az login`, set AZURE_TENANT_ID, AZURE_CLIENT_ID ' +
    'and AZURE_CLIENT_SECRET, or give the job a managed or workload identity',
};

const CLOCK: FailureMeaning = {
  code: 'KEY_FORBIDDEN',
  problem:
    'cannot be reached: Azure reports that the token is not within its valid time; check the clock of this machine (`timedatectl set-ntp true`)',
};

const WRONG_CREDENTIALS: FailureMeaning = {
  code: 'KEY_FORBIDDEN',
  problem:
    'cannot be reached: Azure does not accept the credentials; check AZURE_TENANT_ID and AZURE_CLIENT_ID, and get a new secret or token',
};

const OTHER_TENANT: FailureMeaning = {
  code: 'KEY_FORBIDDEN',
  problem:
    "is in a vault of another tenant than the credentials; set AZURE_TENANT_ID to the vault's tenant, or add it to AZURE_ADDITIONALLY_ALLOWED_TENANTS",
};

const FOREIGN_HOST: FailureMeaning = {
  code: 'KEY_REFERENCE_INVALID',
  problem:
    "has a host that does not belong to the Azure cloud that responded; give the vault's full host, as in NAME.vault.azure.net",
};

const THROTTLED: FailureMeaning = {
  code: 'KEY_SERVICE_FAILED',
  problem: 'was throttled: Azure rejected the last retry too; run again later',
};

const NOT_FOUND: FailureMeaning = {
  code: 'KEY_NOT_FOUND',
  problem: 'does not exist in this vault; check the name and version in the reference',
};

const NO_VAULT: FailureMeaning = {
  code: 'KEY_NOT_FOUND',
  problem:
    "cannot be found: its host does not resolve; check the vault's host, as in NAME.vault.azure.net, the network and HTTPS_PROXY",
};

const UNREACHABLE: FailureMeaning = {
  code: 'KEY_SERVICE_FAILED',
  problem:
    'cannot be reached: check the network, the firewall of the vault and HTTPS_PROXY, then run again',
};

/** https://learn.microsoft.com/azure/key-vault/general/rest-error-codes: `innererror.code` of a 403. */
const INNER: Readonly<Record<string, string>> = {
  KeyDisabled:
    'is disabled; enable it (`az keyvault key set-attributes --enabled true`) or name another version',
  KeyExpired: 'has expired; create a new version (`az keyvault key rotate`), or name another one',
  KeyNotYetValid: 'is not valid yet; wait, or name another version',
  KeyOperationForbidden: 'may not be used to sign: `sign` is not among its permitted operations',
};

function permission(action: string): FailureMeaning {
  return {
    code: 'KEY_FORBIDDEN',
    problem:
      `may not be used by these credentials: signing needs keys/read and keys/sign, and ${action} was denied; ` +
      'grant the role "Key Vault Crypto User" on the key, or "get" and "sign" in the access policy of the vault',
  };
}

interface ServiceError {
  readonly name?: string;
  readonly message?: string;
  readonly code?: unknown;
  readonly statusCode?: unknown;
  readonly details?: unknown;
}

/** Some operations of the SDK parse the response; others leave it as text. */
function innerCodeOf({ details, message = '' }: ServiceError): string | undefined {
  const text = `${JSON.stringify(details ?? '')} ${message}`;
  return Object.keys(INNER).find((code) => text.includes(code));
}

function authenticationMeaning({ message = '' }: ServiceError): FailureMeaning {
  // A client assertion that is not within its valid time.
  if (/AADSTS(700024|50013)|not within its valid time/i.test(message)) return CLOCK;
  return WRONG_CREDENTIALS;
}

function meaningOf(error: ServiceError, action: string): FailureMeaning {
  const { name = '', message = '', code, statusCode } = error;
  if (/not configured to acquire tokens/i.test(message)) return OTHER_TENANT;
  if (/CredentialUnavailable|AggregateAuthentication/.test(name)) return NO_CREDENTIALS;
  if (name.startsWith('Authentication')) return authenticationMeaning(error);
  if (/challenge resource/i.test(message)) return FOREIGN_HOST;
  if (code === 'ENOTFOUND') return NO_VAULT;
  switch (statusCode) {
    case 401:
      return /expired|lifetime|not before|nbf/i.test(message) ? CLOCK : WRONG_CREDENTIALS;
    case 403: {
      const inner = innerCodeOf(error);
      if (inner === undefined) return permission(action);
      return { code: 'KEY_UNSUPPORTED', problem: INNER[inner] ?? 'cannot be used' };
    }
    case 404:
      return NOT_FOUND;
    case 429:
      return THROTTLED;
    default:
      return UNREACHABLE;
  }
}

export function httpStatusOf(error: unknown): number | undefined {
  const { statusCode } = error as ServiceError;
  return typeof statusCode === 'number' ? statusCode : undefined;
}

/** @param action the requested action: `keys/read`, `keys/sign` or `keys/create` */
export function azureFailure(
  description: string,
  action: string,
  error: unknown,
  secrets: readonly string[],
): SignedImageError {
  return serviceFailure(description, meaningOf(error as ServiceError, action), error, secrets);
}
