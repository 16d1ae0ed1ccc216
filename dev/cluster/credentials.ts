import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { makeCertificate } from '../registry';

/** The user of the controller manager, with roles that the API server creates by default. */
export const CONTROLLERS_USER = 'system:kube-controller-manager';

/** The files of the API server, and the credentials of its clients. */
export interface ClusterCredentials {
  /** PEM of the authority of the server's certificate. */
  readonly ca: string;
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly tokenFile: string;
  /** Signs the tokens of service accounts; the public key verifies them. */
  readonly accountsKeyFile: string;
  readonly accountsPublicKeyFile: string;
  /** Tokens by user. */
  readonly tokens: Readonly<Record<string, string>>;
}

/**
 * Creates the keys and certificates of a cluster, valid for one day.
 *
 * @param users besides `admin`, who has all permissions; these have none until a role is bound to them
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
