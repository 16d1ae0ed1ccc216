import { generateKeyPairSync, type KeyObject } from 'node:crypto';

import { startAzureDouble } from '../../dev/kms';
import type { RunningSource, SourceCase } from './source-case';

const VERSION = '0123456789abcdef0123456789abcdef';

const p256 = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const rsa = (): KeyObject => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;

const inDouble =
  (path: string, privateKey: () => KeyObject, { byCosign = true } = {}) =>
  async (): Promise<RunningSource> => {
    const azure = await startAzureDouble('canary-client-secret', 'canary-access-token');
    azure.keys.set('signing', new Map([[VERSION, { privateKey: privateKey() }]]));
    const ref = `azurekms://${azure.vault}/signing${path}`;
    return {
      config: { key: { ref } },
      env: azure.env,
      publicRef: ref,
      ...(byCosign
        ? { cosign: { key: ref, env: { ...azure.env, SSL_CERT_FILE: azure.caFile } } }
        : {}),
      stop: () => azure.close(),
    };
  };

export const AZURE_CASES: readonly SourceCase[] = [
  { source: 'azurekms://', against: 'double', start: inDouble('', p256) },
  {
    source: 'azurekms:// (version, RSA 2048)',
    against: 'double',
    // cosign v3.1.3 takes every signature of a vault for ECDSA, and so breaks those of RSA.
    start: inDouble(`/${VERSION}`, rsa, { byCosign: false }),
  },
];
