import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { storeImage } from '../dev/load/image';
import { type RecordedRequest, type RunningRegistry, startRegistry } from '../dev/registry';
import {
  type RecordedRequest as ServiceRequest,
  type RunningSigstore,
  startSigstore,
} from '../dev/sigstore';
import { cosignAt, type RunCosign } from './cosign';
import { type Instance, localInstance } from './instance';
import { requestLines, type Traffic, trafficOf } from './traffic';

export const BUILDER = 'https://ci.example.test/builder';
export const KEY_PASSWORD = 'canary-bench-key-password-4Tz';

/** The services and files that both use: one registry, one Sigstore, one key that cosign generated. */
export interface World {
  readonly folder: string;
  readonly registry: RunningRegistry;
  readonly sigstore: RunningSigstore;
  readonly cosign: RunCosign;
  readonly key: { readonly path: string; readonly publicPath: string; readonly publicKey: string };
  /** The local services. */
  readonly local: Instance;
  /** A signing config without services. */
  readonly noServices: string;
  readonly predicate: string;
  /** Unsigned images, each in its own repository, as `host/repo@digest`. */
  newImages(count: number): readonly string[];
  /** Runs the work and returns its requests and their sums. */
  counted<Result>(work: () => Promise<Result>): Promise<Counted<Result>>;
  close(): Promise<void>;
}

export interface Counted<Result> {
  readonly result: Result;
  readonly traffic: Traffic;
  readonly requests: readonly RecordedRequest[];
  readonly services: readonly ServiceRequest[];
  readonly lines: readonly string[];
}

const PREDICATE = {
  buildDefinition: {
    buildType: 'https://example.test/build/v1',
    externalParameters: { target: 'release' },
    resolvedDependencies: [
      { uri: 'git+https://git.example.test/a', digest: { gitCommit: '0a'.repeat(20) } },
    ],
  },
  runDetails: { builder: { id: BUILDER } },
};

export async function openWorld(): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'signed-image-bench-'));
  const path = (name: string): string => join(folder, name);
  const [registry, sigstore] = await Promise.all([startRegistry(), startSigstore()]);
  const close = async (): Promise<void> => {
    await Promise.all([registry.close(), sigstore.close()]);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await mkdir(path('home'));
    const local = await localInstance(sigstore, folder);
    const none = sigstore.signingConfig({ rekor: false, tsa: false });
    await writeFile(path('signing-none.json'), JSON.stringify(none));
    await writeFile(path('predicate.json'), JSON.stringify(PREDICATE));
    const cosign = cosignAt(folder, { COSIGN_PASSWORD: KEY_PASSWORD });
    await cosign(['generate-key-pair', '--output-key-prefix', 'bench']);
    let stored = 0;
    return {
      folder,
      registry,
      sigstore,
      cosign,
      key: {
        path: path('bench.key'),
        publicPath: path('bench.pub'),
        publicKey: await readFile(path('bench.pub'), 'utf8'),
      },
      local,
      noServices: path('signing-none.json'),
      predicate: path('predicate.json'),
      newImages: (count) =>
        Array.from({ length: count }, () => {
          stored += 1;
          const repository = `bench/image-${stored}`;
          return `${registry.host}/${repository}@${storeImage(registry, repository)}`;
        }),
      counted: async (work) => {
        registry.clearRequests();
        const before = sigstore.requests.length;
        const result = await work();
        const requests = [...registry.requests];
        const services = sigstore.requests.slice(before);
        const traffic = trafficOf(requests, services);
        return { result, traffic, requests, services, lines: requestLines(requests) };
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
