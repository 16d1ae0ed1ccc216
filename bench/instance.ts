import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { signingConfigOf, startRealSigstore } from '../dev/services';
import type { OidcIssuer, RunningSigstore } from '../dev/sigstore';

/** The identity in certificates of the local services, and in those of the real ones. */
export const IDENTITY = 'https://ci.example.test/team/app/release@refs/heads/main';
export const EMAIL = 'release@ci.example.test';

/** One set of services for keyless signing by the plugin and by cosign, with the settings of both. */
export interface Instance {
  /** The services as a program declares them, without the trusted root. */
  readonly declared: {
    readonly fulcioUrl: string;
    readonly rekorUrl: string;
    readonly rekorVersion?: number;
    readonly tsaUrl?: string;
  };
  /** Path of the file for cosign. */
  readonly signingConfig: string;
  /** Path of the file for cosign and for the plugin. */
  readonly trustedRoot: string;
  readonly identity: string;
  readonly token: string;
  /** Further flags that cosign needs to verify. */
  readonly verifyFlags: readonly string[];
}

/** An instance that consists of processes, which `stop` ends. */
export interface RunningInstance extends Instance {
  stop(): Promise<void>;
}

const VALIDITY = 6 * 3600;

/** The services of dev/sigstore, which count their requests: Fulcio and Rekor v1. */
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
 * The real Fulcio, Rekor v2 and timestamp authority. The local issuer issues the tokens.
 *
 * @throws Error if they are not built, or if network namespaces are not available
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
    // The time is that of the timestamp authority, and this Fulcio does not write to a certificate log.
    verifyFlags: ['--use-signed-timestamps', '--insecure-ignore-sct'],
    stop,
  };
}
