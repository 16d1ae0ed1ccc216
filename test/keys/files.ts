import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { encryptPrivateKey } from '../../src/sign';
import type { RunningSource, SourceCase } from './source-case';

const PASSWORD = 'canary-password-of-a-file';
const ENV = { COSIGN_PASSWORD: PASSWORD };

interface Pair {
  /** Encrypted in cosign's format. */
  readonly privatePem: string;
  readonly publicPem: string;
}

async function pairOf(type: 'ec' | 'rsa'): Promise<Pair> {
  const { privateKey, publicKey } =
    type === 'ec'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    privatePem: await encryptPrivateKey(privateKey, PASSWORD),
    publicPem: publicKey.export({ format: 'pem', type: 'spki' }).toString(),
  };
}

const inFiles = (type: 'ec' | 'rsa') => async (): Promise<RunningSource> => {
  const folder = await mkdtemp(join(tmpdir(), 'key-file-'));
  const pair = await pairOf(type);
  const [key, pub] = [join(folder, 'cosign.key'), join(folder, 'cosign.pub')];
  await writeFile(key, pair.privatePem, { mode: 0o600 });
  await writeFile(pub, pair.publicPem);
  return {
    config: { key: { ref: key } },
    env: ENV,
    publicRef: pub,
    cosign: { key, env: ENV },
    stop: () => rm(folder, { recursive: true, force: true }),
  };
};

const inVariables = async (): Promise<RunningSource> => {
  const { privatePem, publicPem } = await pairOf('ec');
  const env = { ...ENV, COSIGN_PRIVATE_KEY: privatePem, COSIGN_PUBLIC_KEY: publicPem };
  const ref = 'env://COSIGN_PRIVATE_KEY';
  return {
    config: { key: { ref } },
    env,
    publicRef: 'env://COSIGN_PUBLIC_KEY',
    cosign: { key: ref, env },
    stop: async () => undefined,
  };
};

const asText = async (): Promise<RunningSource> => {
  const { privatePem, publicPem } = await pairOf('ec');
  return {
    config: { key: { ref: privatePem, password: PASSWORD } },
    env: {},
    publicRef: publicPem,
    stop: async () => undefined,
  };
};

/** The sources that need nothing but this machine. */
export const FILE_CASES: readonly SourceCase[] = [
  { source: 'a file (ECDSA P-256)', against: 'real', start: inFiles('ec') },
  { source: 'a file (RSA 2048)', against: 'real', start: inFiles('rsa') },
  { source: 'env://', against: 'real', start: inVariables },
  { source: 'PEM text', against: 'real', start: asText },
];
