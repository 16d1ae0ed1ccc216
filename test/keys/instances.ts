import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  hasPostgres,
  type RealRekor,
  type RealSigstore,
  startRealRekor,
  startRealSigstore,
} from '../../dev/services';
import type { SigningInputs } from '../../src/sign';
import type { CaseServices, RunningSource, SourceCase } from './source-case';

const EMAIL = 'release@ci.example.com';

interface Instance {
  readonly source: string;
  readonly signer: 'key' | 'keyless';
  /** What a user declares of the running services. */
  readonly sigstore: (services: RealSigstore) => NonNullable<SigningInputs['sigstore']>;
  readonly transparency?: 'none';
  /** Whether the log is a Rekor v1. */
  readonly rekorV1?: boolean;
}

/** Rekor v1 stores its tree in a database: tested if PostgreSQL is installed. */
const REKOR_V1: readonly Instance[] = [
  { source: 'key, Rekor v1', signer: 'key', sigstore: () => ({}), rekorV1: true },
  {
    source: 'Fulcio, Rekor v1',
    signer: 'keyless',
    sigstore: ({ fulcioUrl }) => ({ fulcioUrl }),
    rekorV1: true,
  },
];

const INSTANCES: readonly Instance[] = [
  {
    source: 'key, Rekor v2',
    signer: 'key',
    sigstore: ({ rekorV2Url: rekorUrl }) => ({ rekorUrl, rekorVersion: 2 }),
  },
  {
    source: 'key, Rekor v2, timestamp authority',
    signer: 'key',
    sigstore: ({ rekorV2Url: rekorUrl, tsaUrl }) => ({ rekorUrl, rekorVersion: 2, tsaUrl }),
  },
  {
    source: 'Fulcio, Rekor v2, timestamp authority',
    signer: 'keyless',
    sigstore: ({ fulcioUrl, rekorV2Url: rekorUrl, tsaUrl }) => ({
      fulcioUrl,
      rekorUrl,
      rekorVersion: 2,
      tsaUrl,
    }),
  },
  {
    source: 'Fulcio, timestamp authority, no log',
    signer: 'keyless',
    sigstore: ({ fulcioUrl, tsaUrl }) => ({ fulcioUrl, tsaUrl }),
    transparency: 'none',
  },
  ...(hasPostgres() ? REKOR_V1 : []),
];

/** Stops the services that already run if this one does not start. */
async function startedBeside(services: RealSigstore): Promise<RealRekor> {
  try {
    return await startRealRekor();
  } catch (error) {
    await services.stop();
    throw error;
  }
}

async function start(instance: Instance, { sigstore }: CaseServices): Promise<RunningSource> {
  const { issuer } = sigstore;
  const services = await startRealSigstore({ issuerUrl: issuer.url });
  const rekor = instance.rekorV1 ? await startedBeside(services) : undefined;
  const folder = await mkdtemp(join(tmpdir(), 'instance-'));
  const trustedRoot = join(folder, 'trusted_root.json');
  const { tlogs, ...root } = services.trustedRoot;
  const logs = rekor ? [...tlogs, rekor.log] : tlogs;
  await writeFile(trustedRoot, JSON.stringify({ ...root, tlogs: logs }));
  const config: SigningInputs = {
    sigstore: {
      ...instance.sigstore(services),
      ...(rekor && { rekorUrl: rekor.url }),
      trustedRoot,
    },
    transparency: instance.transparency,
  };
  const stop = async () => {
    await Promise.all([services.stop(), rekor?.stop()]);
    await rm(folder, { recursive: true });
  };
  if (instance.signer === 'key') {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const ref = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    return { config: { ...config, key: { ref } }, env: {}, stop };
  }
  return {
    config: { ...config, keyless: { tokenEnv: 'MY_TOKEN' } },
    env: { MY_TOKEN: issuer.token({ subject: 'job', email: EMAIL }) },
    identity: { identity: EMAIL, issuer: issuer.url },
    // This Fulcio writes to no certificate log.
    verifyFlags: ['--insecure-ignore-sct'],
    stop,
  };
}

/** Instances made of the real services. */
export const INSTANCE_CASES: readonly SourceCase[] = INSTANCES.map((instance) => ({
  source: `instance: ${instance.source}`,
  against: 'real',
  start: (services) => start(instance, services),
}));
