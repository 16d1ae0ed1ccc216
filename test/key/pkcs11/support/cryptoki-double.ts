import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';

import type { Attribute, Handle, TokenInfo } from 'pkcs11js';

import { signEcdsa } from '../../../../dev/vault/prehashed-signing';

/** A token with one ECDSA key, in memory; what it does can be changed. */
export interface TokenDouble {
  pin: string;
  flags: number;
  logins: string[];
  /** Return values (`CKR_...`) that calls fail with. */
  failing: Map<string, readonly [name: string, value: number]>;
  /** The returned public point; default: in the format of PKCS#11. */
  bare: boolean;
  signatureLength: number;
  openSessions: number;
  present: boolean;
  readonly key: KeyObject;
}

export const token: TokenDouble = freshToken();

function freshToken(): TokenDouble {
  return {
    pin: 'canary-4711',
    flags: 0x404,
    logins: [],
    failing: new Map(),
    bare: false,
    signatureLength: 64,
    openSessions: 0,
    present: true,
    key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  };
}

export function resetToken(): void {
  Object.assign(token, freshToken());
}

/** As pkcs11js throws. */
function fail(name: string, code: number, method: string): never {
  throw Object.assign(new Error(name), { code, method });
}

const PRIVATE = Buffer.of(1);
const PUBLIC = Buffer.of(2);

function handleOf(number: number): Handle {
  const handle = Buffer.alloc(8);
  handle.writeBigUInt64LE(BigInt(number));
  return handle;
}

function pointOf(): Buffer {
  const { x = '', y = '' } = createPublicKey(token.key).export({ format: 'jwk' });
  const point = Buffer.concat([
    Buffer.of(4),
    Buffer.from(x, 'base64url'),
    Buffer.from(y, 'base64url'),
  ]);
  return token.bare ? point : Buffer.concat([Buffer.of(4, point.length), point]);
}

function valueOf(object: Handle, type: number): Buffer | undefined {
  if (type === 0x100) return handleOf(3);
  if (type === 0x102) return Buffer.of(1);
  if (object !== PUBLIC) return undefined;
  if (type === 0x180) return Buffer.from('06082a8648ce3d030107', 'hex');
  return type === 0x181 ? pointOf() : undefined;
}

/** Stands for the class of the package pkcs11js. */
export class PKCS11 {
  #found: Handle[] = [];

  #call(method: string): void {
    const failure = token.failing.get(method);
    if (failure) fail(...failure, method);
  }

  load(): void {
    this.#call('load');
  }

  C_Initialize(): void {
    this.#call('C_Initialize');
  }

  C_Finalize(): void {
    this.#call('C_Finalize');
  }

  C_GetSlotList(): Handle[] {
    this.#call('C_GetSlotList');
    return token.present ? [handleOf(7)] : [];
  }

  C_GetTokenInfo(): TokenInfo {
    this.#call('C_GetTokenInfo');
    const label = 'Release'.padEnd(32);
    return {
      label,
      manufacturerID: 'Maker  ',
      model: 'M1   ',
      serialNumber: '42  ',
      flags: token.flags,
    };
  }

  C_OpenSession(): Handle {
    token.openSessions += 1;
    return handleOf(9);
  }

  C_CloseSession(): void {
    token.openSessions -= 1;
    this.#call('C_CloseSession');
  }

  C_Login(_session: Handle, _user: number, pin: string): void {
    token.logins.push(pin);
    this.#call('C_Login');
    if (pin !== token.pin) fail('CKR_PIN_INCORRECT', 0xa0, 'C_Login');
  }

  C_FindObjectsInit(_session: Handle, template: readonly Attribute[]): void {
    const wanted = template.find(({ type }) => type === 0)?.value;
    this.#found = wanted === 3 ? [PRIVATE] : wanted === 2 ? [PUBLIC] : [];
  }

  C_FindObjects(): Handle[] {
    return this.#found;
  }

  C_FindObjectsFinal(): void {
    this.#found = [];
  }

  C_GetAttributeValue(
    _session: Handle,
    object: Handle,
    [requested]: readonly Attribute[],
  ): object[] {
    const value = valueOf(object, requested?.type ?? -1);
    if (value === undefined) fail('CKR_ATTRIBUTE_TYPE_INVALID', 0x12, 'C_GetAttributeValue');
    return [{ type: requested?.type, value }];
  }

  C_SignInit(): void {
    this.#call('C_SignInit');
  }

  async C_SignAsync(_session: Handle, digest: Buffer): Promise<Buffer> {
    this.#call('C_SignAsync');
    const { r, s } = signEcdsa(token.key, digest);
    return Buffer.concat([r, s]).subarray(0, token.signatureLength);
  }
}
