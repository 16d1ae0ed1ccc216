import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { signingConfigOf, startRealSigstore } from '../dev/services';
import type { OidcIssuer, RunningSigstore } from '../dev/sigstore';

/** Whom certificates of the local services name, and those of the real ones. */
export const IDENTITY = 'https://ci.example.test/team/app/release@refs/heads/main';
export const EMAIL = 'release@ci.example.test';

/** One set of services that both sign keyless with, and how both are told of it. */
export interface Instance {
  /** The services as a program declares them, beside the trusted root. */
  readonly declared: {
    readonly fulcioUrl: string;
    readonly rekorUrl: string;
    readonly rekorVersion?: number;
    readonly tsaUrl?: string;
  };
  /** Paths of the files that cosign, and for the second we too, are given. */
  readonly signingConfig: string;
  readonly trustedRoot: string;
  readonly identity: string;
  readonly token: string;
  /** What cosign needs besides to verify. */
  readonly verifyFlags: readonly string[];
}

/** An instance of programs that are ended. */
export interface RunningInstance extends Instance {
  stop(): Promise<void>;
}

const VALIDITY = 6 * 3600;

/** The services of dev/sigstore, which count what they are asked: Fulcio and a Rekor v1. */
export async function localInstance(sigstore: RunningSigstore, folder: string): Promise<Instance> {
  const { fulcioUrl, rekorUrl, issuer } = sigstore;
  const signingConfig = join(folder, 'signing-log.json');
  const trustedRoot = join(folder, 'trusted_root.json');
  await sigstore.writeTrustedRoot(trustedRoot);
  await writeFile(signingConfig, JSON.stringify(sigstore.signingConfig({ rekor: 1, tsa: false })));
  const token = issuer.token({ subject: IDENTITY, expiresIn: VALIDITY });
  const declared = { fulcioUrl, rekorUrl };
  return { declared, signingConfig, trustedRoot, identity: IDENTITY, token, verifyFlags: [] };
}

/**
 * The real Fulcio, Rekor v2 and timestamp authority, whose tokens are those of the local issuer.
 *
 * @throws Error where they are not built, or there are no network namespaces
 */
export async function startRealInstance(
  issuer: OidcIssuer,
  folder: string,
): Promise<RunningInstance> {
  const services = await startRealSigstore({ issuerUrl: issuer.url });
  const { fulcioUrl, rekorV2Url, tsaUrl, stop } = services;
  const signingConfig = join(folder, 'signing-real.json');
  const trustedRoot = join(folder, 'trusted_root-real.json');
  try {
    await writeFile(signingConfig, JSON.stringify(signingConfigOf(services, issuer.url)));
    await writeFile(trustedRoot, JSON.stringify(services.trustedRoot));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    declared: { fulcioUrl, rekorUrl: rekorV2Url, rekorVersion: 2, tsaUrl },
    signingConfig,
    trustedRoot,
    identity: EMAIL,
    token: issuer.token({ subject: 'job', email: EMAIL, expiresIn: VALIDITY }),
    // Time is what the authority says; and this Fulcio writes to no certificate log.
    verifyFlags: ['--use-signed-timestamps', '--insecure-ignore-sct'],
    stop,
  };
}
