import 'reflect-metadata';

import { randomBytes, webcrypto } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import * as x509 from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY = 24 * 60 * 60 * 1000;

/** What the API server is given, as files, and what its clients are told. */
export interface ClusterCredentials {
  /** PEM of the authority that the server's certificate is of. */
  readonly ca: string;
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly tokenFile: string;
  /** Signs the tokens of service accounts; the other half checks them. */
  readonly accountsKeyFile: string;
  readonly accountsPublicKeyFile: string;
  /** By user. */
  readonly tokens: Readonly<Record<string, string>>;
}

interface Made {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', key);
  return x509.PemConverter.encode(pkcs8, 'PRIVATE KEY');
}

async function publicPemOf(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('spki', key), 'PUBLIC KEY');
}

async function serverCertificate(): Promise<Made> {
  x509.cryptoProvider.set(webcrypto);
  const validity = { notBefore: new Date(Date.now() - DAY), notAfter: new Date(Date.now() + DAY) };
  const generate = () => webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const [authorityKeys, serverKeys] = [await generate(), await generate()];
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity,
    serialNumber: '01',
    name: 'CN=dev cluster authority',
    keys: authorityKeys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });
  const server = await x509.X509CertificateGenerator.create({
    ...validity,
    serialNumber: '02',
    subject: 'CN=dev cluster',
    issuer: authority.subject,
    publicKey: serverKeys.publicKey,
    signingKey: authorityKeys.privateKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.SubjectAlternativeNameExtension([
        { type: 'ip', value: '127.0.0.1' },
        { type: 'dns', value: 'localhost' },
      ]),
    ],
  });
  return {
    ca: authority.toString('pem'),
    cert: server.toString('pem'),
    key: await pemOf(serverKeys.privateKey),
  };
}

/**
 * Makes all that a cluster of one day needs.
 *
 * @param users beside `admin`, who may do all; these may do nothing until a role is bound to them
 */
export async function makeCredentials(
  folder: string,
  users: readonly string[],
): Promise<ClusterCredentials> {
  const { ca, cert, key } = await serverCertificate();
  const accounts = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const tokens = Object.fromEntries(
    ['admin', ...users].map((user) => [user, `canary-${randomBytes(16).toString('hex')}`]),
  );
  // https://kubernetes.io/docs/reference/access-authn-authz/authentication/#static-token-file
  const lines = Object.entries(tokens).map(
    ([user, token]) => `${token},${user},${user},"${user === 'admin' ? 'system:masters' : ''}"`,
  );
  const file = async (name: string, text: string): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, text, { mode: 0o600 });
    return path;
  };
  return {
    ca,
    caFile: await file('ca.crt', ca),
    certFile: await file('server.crt', cert),
    keyFile: await file('server.key', key),
    tokenFile: await file('tokens.csv', `${lines.join('\n')}\n`),
    accountsKeyFile: await file('accounts.key', await pemOf(accounts.privateKey)),
    accountsPublicKeyFile: await file('accounts.pub', await publicPemOf(accounts.publicKey)),
    tokens,
  };
}
