import 'reflect-metadata';

import {
  type KeyObject,
  createHash,
  generateKeyPairSync,
  randomBytes,
  webcrypto,
} from 'node:crypto';

import * as x509 from '@peculiar/x509';
import { initializeCTLog } from '@sigstore/mock';
import * as asn1js from 'asn1js';

/** A certificate extension as `@sigstore/mock` derives it from a token's claims. */
export interface ClaimExtension {
  readonly oid: string;
  readonly value: string;
  /** Raw text instead of a DER UTF8String (Fulcio's first six extensions). */
  readonly legacy?: boolean;
}

export interface LeafRequest {
  readonly publicKey: KeyObject;
  /** An e-mail address or a URI. */
  readonly identity: string;
  readonly extensions: readonly ClaimExtension[];
  readonly lifetimeMinutes: number;
  /** Whether the certificate has the CT log's signed certificate timestamp. */
  readonly sct: boolean;
}

/** Root, intermediate and CT log of a Fulcio. */
export interface CertificateAuthority {
  /** DER: the issuing intermediate, then the root. */
  readonly chain: readonly Buffer[];
  readonly ctLogPublicKey: KeyObject;
  issue(request: LeafRequest): Promise<Buffer>;
}

const ROOT_NAME = 'CN=root,O=local sigstore';
const ISSUER_NAME = 'CN=intermediate,O=local sigstore';
/** https://www.rfc-editor.org/rfc/rfc6962#section-3.3 */
const SCT_LIST = '1.3.6.1.4.1.11129.2.4.2';
const HOUR = 3_600_000;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

export async function createCertificateAuthority(): Promise<CertificateAuthority> {
  const rootKeys = await generateKeys();
  const issuerKeys = await generateKeys();
  const lifetime = {
    // In the past, so that tests may sign with an earlier time.
    notBefore: new Date(Date.now() - 24 * HOUR),
    notAfter: new Date(Date.now() + 24 * 365 * HOUR),
  };
  const certifies = x509.KeyUsageFlags.cRLSign | x509.KeyUsageFlags.keyCertSign;
  const root = await x509.X509CertificateGenerator.createSelfSigned(
    {
      ...lifetime,
      serialNumber: serialNumber(),
      name: ROOT_NAME,
      signingAlgorithm: ALGORITHM,
      keys: rootKeys,
      extensions: [
        new x509.BasicConstraintsExtension(true, 1, true),
        new x509.KeyUsagesExtension(certifies, true),
        await x509.SubjectKeyIdentifierExtension.create(rootKeys.publicKey, false, webcrypto),
      ],
    },
    webcrypto,
  );
  const issuer = await x509.X509CertificateGenerator.create(
    {
      ...lifetime,
      serialNumber: serialNumber(),
      subject: ISSUER_NAME,
      issuer: ROOT_NAME,
      signingAlgorithm: ALGORITHM,
      signingKey: rootKeys.privateKey,
      publicKey: issuerKeys.publicKey,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(certifies, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.codeSigning]),
        await x509.SubjectKeyIdentifierExtension.create(issuerKeys.publicKey, false, webcrypto),
        await x509.AuthorityKeyIdentifierExtension.create(rootKeys.publicKey, false, webcrypto),
      ],
    },
    webcrypto,
  );

  const ctKeys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ctLog = await initializeCTLog(ctKeys);
  const issuerId = createHash('sha256')
    .update(Buffer.from(await webcrypto.subtle.exportKey('spki', issuerKeys.publicKey)))
    .digest();

  return {
    chain: [Buffer.from(issuer.rawData), Buffer.from(root.rawData)],
    ctLogPublicKey: ctKeys.publicKey,
    async issue(request) {
      const publicKey = await importKey(request.publicKey);
      const extensions = await leafExtensions(request, publicKey, issuerKeys.publicKey);
      const notBefore = new Date();
      const params = {
        serialNumber: serialNumber(),
        notBefore,
        notAfter: new Date(notBefore.getTime() + request.lifetimeMinutes * 60_000),
        issuer: ISSUER_NAME,
        signingAlgorithm: ALGORITHM,
        signingKey: issuerKeys.privateKey,
        publicKey,
      };
      const create = (further: readonly x509.Extension[]) =>
        x509.X509CertificateGenerator.create(
          { ...params, extensions: [...extensions, ...further] },
          webcrypto,
        );
      const plain = await create([]);
      if (!request.sct) return Buffer.from(plain.rawData);
      // The log signs the certificate without the list of its timestamps.
      const sct = await ctLog.log(plain.rawData, arrayBuffer(issuerId));
      return Buffer.from((await create([sctList(Buffer.from(sct))])).rawData);
    },
  };
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, [
    'sign',
    'verify',
  ]) as Promise<webcrypto.CryptoKeyPair>;
}

const CURVES: Readonly<Record<string, string>> = {
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
};

function importKey(key: KeyObject): Promise<webcrypto.CryptoKey> {
  const spki = key.export({ type: 'spki', format: 'der' });
  const namedCurve = CURVES[key.asymmetricKeyDetails?.namedCurve ?? ''];
  const algorithm = namedCurve
    ? { name: 'ECDSA', namedCurve }
    : { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  return webcrypto.subtle.importKey('spki', spki, algorithm, true, ['verify']);
}

async function leafExtensions(
  request: LeafRequest,
  publicKey: webcrypto.CryptoKey,
  issuerKey: webcrypto.CryptoKey,
): Promise<x509.Extension[]> {
  const type = isEmail(request.identity) ? 'email' : 'url';
  return [
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.codeSigning]),
    new x509.SubjectAlternativeNameExtension([{ type, value: request.identity }], true),
    await x509.SubjectKeyIdentifierExtension.create(publicKey, false, webcrypto),
    await x509.AuthorityKeyIdentifierExtension.create(issuerKey, false, webcrypto),
    ...request.extensions.map(({ oid, value, legacy }) => {
      const bytes = legacy ? Buffer.from(value) : new asn1js.Utf8String({ value }).toBER(false);
      return new x509.Extension(oid, false, bytes);
    }),
  ];
}

function isEmail(identity: string): boolean {
  return /^[^@:/\s]+@[^@:/\s]+$/.test(identity);
}

/** @param sct with a length prefix */
function sctList(sct: Buffer): x509.Extension {
  const list = Buffer.concat([uint16(sct.length), sct]);
  const value = new asn1js.OctetString({ valueHex: arrayBuffer(list) }).toBER(false);
  return new x509.Extension(SCT_LIST, false, value);
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function arrayBuffer(bytes: Buffer): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

/** Positive and without a leading zero byte, as DER requires. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}
