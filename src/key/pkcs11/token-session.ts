import { createHmac, randomBytes } from 'node:crypto';

import type { Handle, PKCS11, TokenInfo } from 'pkcs11js';

import { SignedImageError } from '../../error';
import { CKF, CKR, CKU } from './cryptoki-constants';
import { returnValueOf } from './cryptoki-failure';
import type { Pkcs11Uri } from './pkcs11-uri';

/** A PIN, and its origin as text without secrets. */
export interface TokenPin {
  /** A secret. */
  readonly value: string;
  readonly origin: string;
}

/** A session with the token, logged in if it requires that. */
export interface TokenSession {
  readonly library: PKCS11;
  readonly handle: Handle;
  /** For keys that require the PIN for each signature (`CKA_ALWAYS_AUTHENTICATE`). */
  loginForKey(): void;
}

export interface TokenAccess {
  readonly uri: Pkcs11Uri;
  readonly pin: TokenPin | undefined;
  /** The key, for messages. */
  readonly description: string;
}

interface FoundToken {
  readonly slot: Handle;
  readonly info: TokenInfo;
}

/** Fingerprints of PINs that a token rejected, in this process only. */
const fingerprintKey = randomBytes(32);
const rejected = new Set<string>();

function numberOf(handle: Handle): number {
  return Number(handle.length >= 8 ? handle.readBigUInt64LE() : BigInt(handle.readUInt32LE()));
}

const unpadded = (text: string): string => text.replace(/[ \0]+$/, '');

function matchesUri({ slot, info }: FoundToken, uri: Pkcs11Uri): boolean {
  const is = (declared: string | undefined, actual: string): boolean =>
    declared === undefined || unpadded(declared) === unpadded(actual);
  return (
    (uri.slotId === undefined || numberOf(slot) === uri.slotId) &&
    is(uri.token, info.label) &&
    is(uri.serial, info.serialNumber) &&
    is(uri.manufacturer, info.manufacturerID) &&
    is(uri.model, info.model)
  );
}

function tokensOf(library: PKCS11): FoundToken[] {
  return library.C_GetSlotList(true).flatMap((slot) => {
    try {
      const info = library.C_GetTokenInfo(slot);
      return (info.flags & CKF.TOKEN_INITIALIZED) === 0 ? [] : [{ slot, info }];
    } catch {
      // Another card that is being removed, or that this module does not support.
      return [];
    }
  });
}

function findToken(library: PKCS11, { uri, description }: TokenAccess): FoundToken {
  const all = tokensOf(library);
  const [token, another] = all.filter((each) => matchesUri(each, uri));
  if (token === undefined) {
    const available = all.map(
      ({ slot, info }) => `${unpadded(info.label)} (slot-id ${numberOf(slot)})`,
    );
    throw new SignedImageError({
      code: 'KEY_NOT_FOUND',
      message: `${description}: the token was not found; ${available.length === 0 ? 'the module reports no tokens' : `the module reports ${available.join(', ')}`}`,
    });
  }
  if (another !== undefined) {
    throw new SignedImageError({
      code: 'KEY_REFERENCE_INVALID',
      message: `${description}: several tokens match; add slot-id or serial`,
    });
  }
  return token;
}

function pinFingerprint({ info }: FoundToken, { value }: TokenPin): string {
  const token = [info.manufacturerID, info.serialNumber, info.label].join('\n');
  return createHmac('sha256', fingerprintKey)
    .update(token)
    .update('\0')
    .update(value)
    .digest('hex');
}

/**
 * Logs in with the PIN. A wrong PIN is tried once per process: tokens lock after a few wrong ones,
 * and a program signs many images.
 */
function login(
  session: Handle,
  userType: number,
  token: FoundToken,
  library: PKCS11,
  access: TokenAccess,
): void {
  const { pin, description } = access;
  if (pin === undefined) {
    throw new SignedImageError({
      code: 'KEY_PASSWORD_WRONG',
      message: `${description}: the token requires a PIN; set COSIGN_PKCS11_PIN, or pin-source in the URI to a file that contains it`,
    });
  }
  const fingerprint = pinFingerprint(token, pin);
  const wrong = (): SignedImageError =>
    new SignedImageError({
      code: 'KEY_PASSWORD_WRONG',
      message: `${description}: the token rejected the PIN of ${pin.origin}; the PIN is not tried again, as tokens lock after a few wrong ones`,
    });
  if (rejected.has(fingerprint)) throw wrong();
  try {
    library.C_Login(session, userType, pin.value);
  } catch (error) {
    const value = returnValueOf(error);
    if (value === CKR.USER_ALREADY_LOGGED_IN) return;
    if (value !== CKR.PIN_INCORRECT && value !== CKR.PIN_INVALID) throw error;
    rejected.add(fingerprint);
    throw wrong();
  }
}

function checkPinState({ info }: FoundToken, { description }: TokenAccess): void {
  if ((info.flags & CKF.USER_PIN_LOCKED) !== 0) {
    throw new SignedImageError({
      code: 'KEY_FORBIDDEN',
      message: `${description}: the PIN is locked; unlock it with the tools of the token`,
    });
  }
}

/**
 * Opens a session with the token of the URI, and closes it after `action`.
 *
 * @throws SignedImageError `KEY_NOT_FOUND`, `KEY_REFERENCE_INVALID`, `KEY_PASSWORD_WRONG`,
 *   `KEY_FORBIDDEN`; and the errors of the module and `action`
 */
export async function withToken<T>(
  library: PKCS11,
  access: TokenAccess,
  action: (session: TokenSession) => Promise<T>,
): Promise<T> {
  const token = findToken(library, access);
  const handle = library.C_OpenSession(token.slot, CKF.SERIAL_SESSION);
  try {
    const isLoginRequired = (token.info.flags & CKF.LOGIN_REQUIRED) !== 0;
    if (isLoginRequired || access.pin !== undefined) {
      checkPinState(token, access);
      login(handle, CKU.USER, token, library, access);
    }
    return await action({
      library,
      handle,
      loginForKey: () => login(handle, CKU.CONTEXT_SPECIFIC, token, library, access),
    });
  } finally {
    close(library, handle);
  }
}

/** Closing the last session logs out. A removed token has no session to close. */
function close(library: PKCS11, handle: Handle): void {
  try {
    library.C_CloseSession(handle);
  } catch {
    // C_Finalize follows, which ends all remaining sessions.
  }
}
