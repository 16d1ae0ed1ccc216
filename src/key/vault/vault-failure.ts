import { type ErrorCode, SignedImageError } from '../../error';
import { redactText } from '../../error/redaction';
import type { VaultAnswer, VaultRequest } from './vault-client';
import type { VaultSettings } from './vault-settings';
import type { VaultToken } from './vault-token';

/** A request that Vault rejected. */
export interface RefusedRequest {
  readonly request: VaultRequest;
  readonly keyName: string;
  readonly settings: VaultSettings;
  readonly token: VaultToken;
}

const MAX_REASON_LENGTH = 500;

function reasonOf({ errors }: VaultAnswer, token: VaultToken): string {
  const text = redactText(errors.join('; '), [token.value]).replace(/\s+/g, ' ').trim();
  return text === '' ? '' : `: ${text.slice(0, MAX_REASON_LENGTH)}`;
}

/** Formats the engine's address, mount path and namespace for messages. */
export function formatEngineLocation({ address, mount, namespace }: VaultSettings): string {
  return `${address} (transit engine at ${mount}/${namespace === undefined ? '' : `, namespace ${namespace}`})`;
}

/** Returns the least policy that permits the request. */
function policyFor({ method, path }: VaultRequest): string {
  const capabilities = method === 'GET' ? 'read' : path.includes('/sign/') ? 'update' : 'create';
  return `path "${path}" { capabilities = ["${capabilities}"] }`;
}

type ErrorClass = readonly [code: ErrorCode, problem: string];

function forbidden({ errors }: VaultAnswer, { request, token }: RefusedRequest): ErrorClass {
  if (errors.some((error) => /(invalid|bad|missing client) token/i.test(error))) {
    return [
      'KEY_FORBIDDEN',
      `rejects the token of ${token.origin}: it is unknown, was revoked or has expired; run \`vault login\` again or set another one`,
    ];
  }
  return [
    'KEY_FORBIDDEN',
    `does not permit this request with the token of ${token.origin}, which has expired or needs a policy with ${policyFor(request)}`,
  ];
}

function absent({ errors }: VaultAnswer, { keyName, settings }: RefusedRequest): ErrorClass {
  if (errors.some((error) => /no handler for route|route entry not found/i.test(error))) {
    return [
      'KEY_NOT_FOUND',
      `has no engine at ${settings.mount}/; set TRANSIT_SECRET_ENGINE_PATH to where transit is mounted ` +
        '(and VAULT_NAMESPACE to its namespace), or run `vault secrets enable transit`',
    ];
  }
  return [
    'KEY_NOT_FOUND',
    `has no such key; create it with \`signed-image keys generate --kms hashivault://${keyName}\``,
  ];
}

function malformed(answer: VaultAnswer, refused: RefusedRequest): ErrorClass {
  const [reason = ''] = answer.errors;
  if (/key not found/i.test(reason)) return absent({ ...answer, errors: [] }, refused);
  if (/not support/i.test(reason))
    return ['KEY_UNSUPPORTED', 'cannot sign with a key of this type'];
  return ['KEY_SERVICE_FAILED', 'does not accept the request'];
}

const WRONG_VERSION: ErrorClass = [
  'KEY_UNSUPPORTED',
  'does not sign with the requested version of the key; change VAULT_KEY_PREFIX or min_encryption_version',
];

function classifyResponse(answer: VaultAnswer, refused: RefusedRequest): ErrorClass {
  if (answer.errors.some((error) => /sealed/i.test(error))) {
    return [
      'KEY_SERVICE_FAILED',
      'is sealed; an operator must unseal it (`vault operator unseal`)',
    ];
  }
  // Vault returns this error with the status 500.
  if (answer.errors.some((error) => /requested version/i.test(error))) return WRONG_VERSION;
  switch (answer.status) {
    case 400:
      return malformed(answer, refused);
    case 403:
      return forbidden(answer, refused);
    case 404:
      return absent(answer, refused);
    case 405:
      return ['KEY_NOT_FOUND', `has another engine than transit at ${refused.settings.mount}/`];
    case 429:
      return ['KEY_SERVICE_FAILED', 'throttled the request (a rate limit quota); try again later'];
    default:
      return answer.status >= 500
        ? ['KEY_SERVICE_FAILED', 'is not available now; try again later']
        : ['KEY_SERVICE_FAILED', 'returned a response that Vault does not send; check VAULT_ADDR'];
  }
}

/** Converts an error response of Vault to an error with a remedy. */
export function vaultRefusal(answer: VaultAnswer, refused: RefusedRequest): SignedImageError {
  const [code, problem] = classifyResponse(answer, refused);
  return new SignedImageError({
    code,
    message: `the transit key ${refused.keyName}: ${formatEngineLocation(refused.settings)} ${problem} (${answer.status}${reasonOf(answer, refused.token)})`,
  });
}
