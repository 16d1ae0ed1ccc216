import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { makeCertificate } from '../registry';

/** The user of the controller manager, whose roles the API server has from the start. */
export const CONTROLLERS_USER = 'system:kube-controller-manager';

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

/**
 * Makes all that a cluster of one day needs.
 *
 * @param users beside `admin`, who may do all; these may do nothing until a role is bound to them
 */
export async function makeCredentials(
  folder: string,
  users: readonly string[],
): Promise<ClusterCredentials> {
  const { ca, cert, key } = await makeCertificate();
  const accounts = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
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
    accountsKeyFile: await file('accounts.key', accounts.privateKey),
    accountsPublicKeyFile: await file('accounts.pub', accounts.publicKey),
    tokens,
  };
}
