import { type ErrorCode, SignedImageError } from '../../error';
import { CKR } from './cryptoki-constants';

/** The return value (`CKR_...`) of a call that failed. */
export function returnValueOf(error: unknown): number | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === 'number' ? code : undefined;
}

const GONE = [
  'KEY_NOT_FOUND',
  'the token is not there any more; plug it in again',
] as const satisfies readonly [ErrorCode, string];

const MEANINGS: Readonly<Partial<Record<number, readonly [ErrorCode, string]>>> = {
  [CKR.SLOT_ID_INVALID]: GONE,
  [CKR.DEVICE_REMOVED]: GONE,
  [CKR.TOKEN_NOT_PRESENT]: GONE,
  [CKR.TOKEN_NOT_RECOGNIZED]: GONE,
  [CKR.SESSION_HANDLE_INVALID]: GONE,
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
  [CKR.USER_PIN_NOT_INITIALIZED]: ['KEY_FORBIDDEN', 'the token has no PIN of its user yet'],
  [CKR.USER_NOT_LOGGED_IN]: ['KEY_FORBIDDEN', 'the token wants a PIN; set COSIGN_PKCS11_PIN'],
  [CKR.KEY_FUNCTION_NOT_PERMITTED]: ['KEY_UNSUPPORTED', 'the key may not sign (CKA_SIGN)'],
  [CKR.KEY_TYPE_INCONSISTENT]: ['KEY_UNSUPPORTED', 'the key is of another type than it says'],
  [CKR.MECHANISM_INVALID]: ['KEY_UNSUPPORTED', 'the token cannot sign with this type of key'],
};

/**
 * A failed call as an error of ours. The library's error is not kept: its stack is of no help, and
 * nobody says what a vendor's module puts in there.
 */
export function cryptokiFailure(description: string, error: unknown): SignedImageError {
  if (error instanceof SignedImageError) return error;
  const value = returnValueOf(error);
  const { message = '', method = '' } = error as { message?: string; method?: string };
  const name =
    /CKR_[A-Z0-9_]+/.exec(message)?.[0] ??
    (value === undefined ? 'no return value' : `0x${value.toString(16)}`);
  const [code, words] = (value !== undefined && MEANINGS[value]) || [
    'KEY_SERVICE_FAILED' as const,
    'the module of the token failed',
  ];
  const call = /^C_\w+$/.test(method) ? ` of ${method}` : '';
  return new SignedImageError({ code, message: `${description}: ${words} (${name}${call})` });
}
