import { createHmac, randomBytes } from 'node:crypto';

import type { Handle, PKCS11, TokenInfo } from 'pkcs11js';

import { SignedImageError } from '../../error';
import { CKF, CKR, CKU } from './cryptoki-constants';
import { returnValueOf } from './cryptoki-failure';
import type { Pkcs11Uri } from './pkcs11-uri';

/** A PIN and where it came from, in words that may be shown. */
export interface TokenPin {
  /** A secret. */
  readonly value: string;
  readonly origin: string;
}

/** A session with the token, logged in where it wants that. */
export interface TokenSession {
  readonly library: PKCS11;
  readonly handle: Handle;
  /** For keys that want the PIN at each signature (`CKA_ALWAYS_AUTHENTICATE`). */
  loginForKey(): void;
}

export interface TokenAccess {
  readonly uri: Pkcs11Uri;
  readonly pin: TokenPin | undefined;
  /** Of the key, for messages. */
  readonly description: string;
}

interface FoundToken {
  readonly slot: Handle;
  readonly info: TokenInfo;
}

/** PINs that a token refused, known to this process only. */
const fingerprintKey = randomBytes(32);
const refused = new Set<string>();

function numberOf(handle: Handle): number {
  return Number(handle.length >= 8 ? handle.readBigUInt64LE() : BigInt(handle.readUInt32LE()));
}

const unpadded = (text: string): string => text.replace(/[ \0]+$/, '');

function isMeant({ slot, info }: FoundToken, uri: Pkcs11Uri): boolean {
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
      // Another card, that is being pulled out or not known to this module.
      return [];
    }
  });
}

function findToken(library: PKCS11, { uri, description }: TokenAccess): FoundToken {
  const all = tokensOf(library);
  const [token, another] = all.filter((each) => isMeant(each, uri));
  if (token === undefined) {
    const there = all.map(
      ({ slot, info }) => `${unpadded(info.label)} (slot-id ${numberOf(slot)})`,
    );
    throw new SignedImageError({
      code: 'KEY_NOT_FOUND',
      message: `${description}: there is no such token; ${there.length === 0 ? 'the module sees none at all' : `the module sees ${there.join(', ')}`}`,
    });
  }
  if (another !== undefined) {
    throw new SignedImageError({
      code: 'KEY_REFERENCE_INVALID',
      message: `${description}: several tokens are named so; add slot-id or serial`,
    });
  }
  return token;
}

function slotOfPin({ info }: FoundToken, { value }: TokenPin): string {
  const token = [info.manufacturerID, info.serialNumber, info.label].join('\n');
  return createHmac('sha256', fingerprintKey)
    .update(token)
    .update('\0')
    .update(value)
    .digest('hex');
}

/**
 * Tells the token the PIN. A wrong one is told to it once in the life of this process: tokens lock
 * after a few, and a program signs many images.
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
      message: `${description}: the token wants a PIN and there is none; set COSIGN_PKCS11_PIN, or pin-source in the URI to a file that holds it`,
    });
  }
  const slot = slotOfPin(token, pin);
  const wrong = (): SignedImageError =>
    new SignedImageError({
      code: 'KEY_PASSWORD_WRONG',
      message: `${description}: the token refused the PIN of ${pin.origin}, and is not asked again with it: it locks after a few wrong ones`,
    });
  if (refused.has(slot)) throw wrong();
  try {
    library.C_Login(session, userType, pin.value);
  } catch (error) {
    const value = returnValueOf(error);
    if (value === CKR.USER_ALREADY_LOGGED_IN) return;
    if (value !== CKR.PIN_INCORRECT && value !== CKR.PIN_INVALID) throw error;
    refused.add(slot);
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
 *   `KEY_FORBIDDEN`; and what the module and `action` throw
 */
export async function withToken<T>(
  library: PKCS11,
  access: TokenAccess,
  action: (session: TokenSession) => Promise<T>,
): Promise<T> {
  const token = findToken(library, access);
  const handle = library.C_OpenSession(token.slot, CKF.SERIAL_SESSION);
  try {
    const isWanted = (token.info.flags & CKF.LOGIN_REQUIRED) !== 0;
    if (isWanted || access.pin !== undefined) {
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

/** The last session that is closed logs out. A token that was pulled out has none to close. */
function close(library: PKCS11, handle: Handle): void {
  try {
    library.C_CloseSession(handle);
  } catch {
    // C_Finalize follows, which ends all that is left.
  }
}
