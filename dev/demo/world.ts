import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { type RunningRegistry, startRegistry } from '../registry';
import { type RunningSigstore, startSigstore } from '../sigstore';
import { type KeyPair, makeKeyPair } from './key-pair';

/** What stands outside of a program: a registry, a Sigstore, and the keys of two people. */
export interface World {
  /** Where the demo leaves its files. */
  readonly folder: string;
  readonly registry: RunningRegistry;
  readonly sigstore: RunningSigstore;
  /** Path of the trusted root of that Sigstore. */
  readonly trustedRoot: string;
  /** The key that is trusted. */
  readonly keys: KeyPair;
  /** Somebody else's. */
  readonly strangerKeys: KeyPair;
  /** Requests since the last `forget()` that wrote something, anywhere. */
  writes(): readonly string[];
  forget(): void;
  close(): Promise<void>;
}

const READING: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];

export async function startWorld(folder: string): Promise<World> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const trustedRoot = join(folder, 'trusted-root.json');
  const [registry, sigstore, keys, strangerKeys] = await Promise.all([
    startRegistry(),
    startSigstore(),
    makeKeyPair(folder, 'cosign'),
    makeKeyPair(folder, 'stranger'),
  ]);
  await sigstore.writeTrustedRoot(trustedRoot);
  let seen = 0;
  return {
    folder,
    registry,
    sigstore,
    trustedRoot,
    keys,
    strangerKeys,
    writes: () =>
      [...registry.requests, ...sigstore.requests.slice(seen)]
        .filter(({ method }) => !READING.includes(method))
        .map(({ method, path }) => `${method} ${path}`),
    forget: () => {
      registry.clearRequests();
      seen = sigstore.requests.length;
    },
    close: async () => {
      await Promise.all([registry.close(), sigstore.close()]);
    },
  };
}
