import 'reflect-metadata';

import { X509CertificateGenerator } from '@peculiar/x509';
import { webcrypto } from 'node:crypto';
import { createRequire } from 'node:module';

import type { Attribute, Handle, PKCS11 } from 'pkcs11js';

/** Creates tokens and keys, independent of our signer. */
interface TokenMaker extends PKCS11 {
  C_InitToken(slot: Handle, pin: string, label: string): void;
  C_InitPIN(session: Handle, pin: string): void;
  C_GenerateKeyPair(
    session: Handle,
    mechanism: { readonly mechanism: number },
    publicTemplate: readonly Attribute[],
    privateTemplate: readonly Attribute[],
  ): { readonly publicKey: Handle; readonly privateKey: Handle };
  C_CreateObject(session: Handle, template: readonly Attribute[]): Handle;
  C_DestroyObject(session: Handle, object: Handle): void;
}

export interface TokenKeySpec {
  readonly type: 'p256' | 'p384' | 'rsa';
  readonly id: number;
  readonly label: string;
  /** `certificate`: of the public half, there is only a certificate. `none`: there is nothing. */
  readonly publicHalf?: 'object' | 'certificate' | 'none';
  readonly alwaysAuthenticate?: boolean;
  /** Default: yes. */
  readonly signs?: boolean;
}

export const PIN = 'canary-4711';
const SO_PIN = 'canary-so-pin';
const SESSION = { serial: 4, writes: 2 };
const CURVES = { p256: '06082a8648ce3d030107', p384: '06052b81040022' };

function variable(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '')
    throw new Error(`run this with npm run test:keys (${name} is not set)`);
  return value;
}

export const softhsmModule = (): string => variable('SOFTHSM2_MODULE');
export const cosignWithPkcs11 = (): string => variable('COSIGN_WITH_PKCS11');

async function withLibrary<T>(action: (library: TokenMaker) => Promise<T>): Promise<T> {
  const { PKCS11 } = createRequire(__filename)('pkcs11js') as { PKCS11: new () => TokenMaker };
  const library = new PKCS11();
  library.load(softhsmModule());
  library.C_Initialize({ flags: 2 });
  try {
    return await action(library);
  } finally {
    library.C_Finalize();
  }
}

async function certificateOf(): Promise<{ der: Buffer; jwk: webcrypto.JsonWebKey }> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned(
    { name: 'CN=key in a token', keys, signingAlgorithm: algorithm },
    webcrypto,
  );
  const jwk = await webcrypto.subtle.exportKey('jwk', keys.privateKey);
  return { der: Buffer.from(certificate.rawData), jwk };
}

const named = ({ id, label }: TokenKeySpec): Attribute[] => [
  { type: 0x102, value: Buffer.of(id) },
  { type: 0x3, value: label },
  { type: 0x1, value: true },
];

function privateTemplate(spec: TokenKeySpec): Attribute[] {
  return [
    ...named(spec),
    { type: 0x2, value: true },
    { type: 0x103, value: true },
    { type: 0x108, value: spec.signs ?? true },
    ...(spec.alwaysAuthenticate ? [{ type: 0x202, value: true }] : []),
  ];
}

async function importWithCertificate(
  library: TokenMaker,
  session: Handle,
  spec: TokenKeySpec,
): Promise<void> {
  const { der, jwk } = await certificateOf();
  library.C_CreateObject(session, [
    ...privateTemplate(spec),
    { type: 0x0, value: 3 },
    { type: 0x100, value: 3 },
    { type: 0x180, value: Buffer.from(CURVES.p256, 'hex') },
    { type: 0x11, value: Buffer.from(jwk.d ?? '', 'base64url') },
  ]);
  library.C_CreateObject(session, [
    ...named(spec),
    { type: 0x0, value: 1 },
    { type: 0x80, value: 0 },
    { type: 0x101, value: Buffer.from('3000', 'hex') },
    { type: 0x11, value: der },
  ]);
}

async function makeKey(library: TokenMaker, session: Handle, spec: TokenKeySpec): Promise<void> {
  if (spec.publicHalf === 'certificate') return importWithCertificate(library, session, spec);
  const kind: Attribute[] =
    spec.type === 'rsa'
      ? [
          { type: 0x121, value: 2048 },
          { type: 0x122, value: Buffer.of(1, 0, 1) },
        ]
      : [{ type: 0x180, value: Buffer.from(CURVES[spec.type], 'hex') }];
  const mechanism = spec.type === 'rsa' ? 0x0 : 0x1040;
  const pair = library.C_GenerateKeyPair(
    session,
    { mechanism },
    [...named(spec), ...kind, { type: 0x10a, value: true }],
    privateTemplate(spec),
  );
  if (spec.publicHalf === 'none') library.C_DestroyObject(session, pair.publicKey);
}

/** Makes a token in SoftHSM, with keys. Its PIN is {@link PIN}. Answers with its serial number. */
export async function makeToken(label: string, keys: readonly TokenKeySpec[]): Promise<string> {
  return withLibrary(async (library) => {
    const free = library
      .C_GetSlotList(true)
      .find((slot) => (library.C_GetTokenInfo(slot).flags & 0x400) === 0);
    if (free === undefined) throw new Error('SoftHSM has no free slot');
    // PKCS#11 wants 32 bytes, padded with blanks.
    library.C_InitToken(free, SO_PIN, label.padEnd(32));
    const session = library.C_OpenSession(free, SESSION.serial | SESSION.writes);
    library.C_Login(session, 0, SO_PIN);
    library.C_InitPIN(session, PIN);
    library.C_Logout(session);
    library.C_Login(session, 1, PIN);
    for (const key of keys) await makeKey(library, session, key);
    library.C_CloseSession(session);
    return library.C_GetTokenInfo(free).serialNumber.trim();
  });
}
