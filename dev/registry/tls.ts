import 'reflect-metadata';

import { randomUUID, webcrypto } from 'node:crypto';

import * as x509 from '@peculiar/x509';

/** A certificate for the loopback names, and its authority, which clients must trust. */
export interface TestCertificate {
  /** PEM. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export interface CertificateOptions {
  /** Whether the server's certificate is expired. Default: no. */
  readonly expired?: boolean;
  /** Whether the certificate is for the loopback names. Default: yes. */
  readonly loopback?: boolean;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY = 24 * 60 * 60 * 1000;

/**
 * Creates a new authority and a server certificate issued by it, valid for a day.
 *
 * @param names host names beside the loopback ones
 */
export async function makeCertificate(
  names: readonly string[] = [],
  { expired = false, loopback = true }: CertificateOptions = {},
): Promise<TestCertificate> {
  x509.cryptoProvider.set(webcrypto);
  const validity = { notBefore: new Date(Date.now() - DAY), notAfter: new Date(Date.now() + DAY) };
  const generate = () => webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const [authorityKeys, serverKeys] = [await generate(), await generate()];
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity,
    serialNumber: '01',
    // Unique: of two authorities with the same name a client may use the wrong one.
    name: `CN=dev registry authority ${randomUUID()}`,
    keys: authorityKeys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });
  const server = await x509.X509CertificateGenerator.create({
    notBefore: new Date(Date.now() - 2 * DAY),
    notAfter: new Date(Date.now() + (expired ? -DAY : DAY)),
    serialNumber: '02',
    subject: 'CN=dev registry',
    issuer: authority.subject,
    publicKey: serverKeys.publicKey,
    signingKey: authorityKeys.privateKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.SubjectAlternativeNameExtension([
        ...(loopback
          ? [
              { type: 'ip' as const, value: '127.0.0.1' },
              { type: 'dns' as const, value: 'localhost' },
            ]
          : []),
        ...names.map((value) => ({ type: 'dns' as const, value })),
      ]),
    ],
  });
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', serverKeys.privateKey);
  return {
    ca: authority.toString('pem'),
    cert: server.toString('pem'),
    key: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY'),
  };
}
