import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { type RunningRegistry, startRegistry } from '../registry';
import { type RunningSigstore, startSigstore } from '../sigstore';
import { type KeyPair, makeKeyPair } from './key-pair';

/** The services of the demo: a registry and a Sigstore instance, and the keys of two signers. */
export interface World {
  /** The folder of the demo's files. */
  readonly folder: string;
  readonly registry: RunningRegistry;
  readonly sigstore: RunningSigstore;
  /** Path of the trusted root of the Sigstore instance. */
  readonly trustedRoot: string;
  /** The trusted key. */
  readonly keys: KeyPair;
  /** The key of a third party. */
  readonly thirdPartyKeys: KeyPair;
  /** Writing requests to any service since the last `clearRequests()`. */
  writes(): readonly string[];
  clearRequests(): void;
  close(): Promise<void>;
}

const READING: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];

export async function startWorld(folder: string): Promise<World> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const trustedRoot = join(folder, 'trusted-root.json');
  const [registry, sigstore, keys, thirdPartyKeys] = await Promise.all([
    startRegistry(),
    startSigstore(),
    makeKeyPair(folder, 'cosign'),
    makeKeyPair(folder, 'third-party'),
  ]);
  await sigstore.writeTrustedRoot(trustedRoot);
  let cleared = 0;
  return {
    folder,
    registry,
    sigstore,
    trustedRoot,
    keys,
    thirdPartyKeys,
    writes: () =>
      [...registry.requests, ...sigstore.requests.slice(cleared)]
        .filter(({ method }) => !READING.includes(method))
        .map(({ method, path }) => `${method} ${path}`),
    clearRequests: () => {
      registry.clearRequests();
      cleared = sigstore.requests.length;
    },
    close: async () => {
      await Promise.all([registry.close(), sigstore.close()]);
    },
  };
}
