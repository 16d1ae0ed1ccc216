import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { encryptPrivateKey } from '../../src/key';

export interface KeyPair {
  /** Path of the encrypted private key, as `cosign generate-key-pair` writes it. */
  readonly privateKey: string;
  /** Path of the public key. */
  readonly publicKey: string;
  readonly password: string;
}

/** Creates `<name>.key` and `<name>.pub`. */
export async function makeKeyPair(folder: string, name: string): Promise<KeyPair> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const password = randomBytes(18).toString('base64url');
  const pair = {
    privateKey: join(folder, `${name}.key`),
    publicKey: join(folder, `${name}.pub`),
    password,
  };
  const sealed = await encryptPrivateKey(privateKey, password);
  await writeFile(pair.privateKey, sealed, { mode: 0o600 });
  await writeFile(pair.publicKey, publicKey.export({ format: 'pem', type: 'spki' }));
  return pair;
}
