import { type ErrorCode, SignedImageError } from '../../error';
import { CKR } from './cryptoki-constants';

/** Returns the return value (`CKR_...`) of a failed call. */
export function returnValueOf(error: unknown): number | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === 'number' ? code : undefined;
}

const TOKEN_REMOVED = [
  'KEY_NOT_FOUND',
  'the token was removed; plug it in again',
] as const satisfies readonly [ErrorCode, string];

const MEANINGS: Readonly<Partial<Record<number, readonly [ErrorCode, string]>>> = {
  [CKR.SLOT_ID_INVALID]: TOKEN_REMOVED,
  [CKR.DEVICE_REMOVED]: TOKEN_REMOVED,
  [CKR.TOKEN_NOT_PRESENT]: TOKEN_REMOVED,
  [CKR.TOKEN_NOT_RECOGNIZED]: TOKEN_REMOVED,
  [CKR.SESSION_HANDLE_INVALID]: TOKEN_REMOVED,
  [CKR.PIN_INCORRECT]: ['KEY_PASSWORD_WRONG', 'the PIN is wrong'],
  [CKR.PIN_INVALID]: ['KEY_PASSWORD_WRONG', 'the PIN is wrong'],
  [CKR.PIN_LEN_RANGE]: [
    'KEY_PASSWORD_WRONG',
    'the PIN is too short or too long to be the right one',
  ],
  [CKR.PIN_EXPIRED]: [
    'KEY_FORBIDDEN',
    'the PIN has expired; set a new one with the tools of the token',
  ],
  [CKR.PIN_LOCKED]: ['KEY_FORBIDDEN', 'the PIN is locked; unlock it with the tools of the token'],
  [CKR.USER_PIN_NOT_INITIALIZED]: ['KEY_FORBIDDEN', 'the user PIN of the token is not initialized'],
  [CKR.USER_NOT_LOGGED_IN]: ['KEY_FORBIDDEN', 'the token requires a PIN; set COSIGN_PKCS11_PIN'],
  [CKR.KEY_FUNCTION_NOT_PERMITTED]: ['KEY_UNSUPPORTED', 'the key may not sign (CKA_SIGN)'],
  [CKR.KEY_TYPE_INCONSISTENT]: [
    'KEY_UNSUPPORTED',
    'the type of the key does not match its attributes',
  ],
  [CKR.MECHANISM_INVALID]: ['KEY_UNSUPPORTED', 'the token cannot sign with this type of key'],
};

/**
 * Converts the error of a failed call. The library's error is not kept as the cause: its stack does
 * not help, and what a vendor's module puts into it is unknown.
 */
export function cryptokiFailure(description: string, error: unknown): SignedImageError {
  if (error instanceof SignedImageError) return error;
  const value = returnValueOf(error);
  const { message = '', method = '' } = error as { message?: string; method?: string };
  const name =
    /CKR_[A-Z0-9_]+/.exec(message)?.[0] ??
    (value === undefined ? 'no return value' : `0x${value.toString(16)}`);
  const [code, problem] = (value !== undefined && MEANINGS[value]) || [
    'KEY_SERVICE_FAILED' as const,
    'the module of the token failed',
  ];
  const call = /^C_\w+$/.test(method) ? ` of ${method}` : '';
  return new SignedImageError({ code, message: `${description}: ${problem} (${name}${call})` });
}
