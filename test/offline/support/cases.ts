import { execFileSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { loadVerificationPolicy } from '../../../src/core/policy-args';
import { createRegistryClient, parseDigest, parseReference } from '../../../src/oci';
import { processHost } from '../../../src/sign';
import { type ExportResult, exportImage, proofArchive } from '../../../src/export';
import type { VerificationPolicyArgs } from '../../../src/core';
import type { SignatureFormat } from '../../../src/sign';
import { type PushedImage, pushImage, pushIndex } from '../../interop/support/images';
import { ANNOTATIONS, BUILDER, signWithOurs } from '../../interop/support/ours';
import { IDENTITY, type TestSigner, testSigner } from '../../interop/support/signers';
import type { Stack } from '../../interop/support/stack';

/** Who signs, and what the log and the timestamp authority add. */
export const SIGNERS = [
  'key',
  'key + log',
  'key + log v2 + timestamp',
  'RSA key + log',
  'keyless + log',
  'keyless + log + timestamp',
  'keyless + log v2 + timestamp',
] as const;
export type OfflineSigner = (typeof SIGNERS)[number];

/** One image to export. */
export interface OfflineCase {
  readonly signer: OfflineSigner;
  readonly format: SignatureFormat;
  readonly shape: 'image' | 'index';
  readonly withLayers: boolean;
  /** Whether falsified siblings are verified, too. */
  readonly falsified: boolean;
}

/** Rekor v2 does not fit into the legacy format; both formats are tried with two signers. */
const isIncluded = ({ signer, format }: OfflineCase): boolean =>
  format === 'bundle' ||
  (format === 'legacy' && !signer.includes('v2')) ||
  ['key', 'keyless + log + timestamp'].includes(signer);

/** Whether this is the smaller run of CI, `npm run test:offline -- --sample`. */
const IS_SAMPLE = process.env['OFFLINE_SAMPLE'] === '1';

/** In the sample, every client has something to verify and something to refuse. */
const isSampled = ({ signer, format, shape }: OfflineCase): boolean =>
  shape === 'image' &&
  ((signer === 'key' && format === 'legacy') ||
    (signer === 'keyless + log + timestamp' && format === 'bundle'));

export const CASES: readonly OfflineCase[] = SIGNERS.flatMap((signer) =>
  (['bundle', 'legacy', 'both'] as const).flatMap((format) =>
    (['image', 'index'] as const).map((shape): OfflineCase => ({
      signer,
      format,
      shape,
      withLayers: shape === 'image' || format === 'legacy',
      falsified: shape === 'image' || signer === 'keyless + log',
    })),
  ),
).filter((each) => isIncluded(each) && (!IS_SAMPLE || isSampled(each)));

export async function offlineSigner(stack: Stack, kind: OfflineSigner): Promise<TestSigner> {
  const { rekorV2Url, tsaUrl } = stack.sigstore;
  if (!kind.includes('v2')) return testSigner(stack, kind as Parameters<typeof testSigner>[1]);
  const base = await testSigner(
    stack,
    kind.startsWith('keyless') ? 'keyless + log + timestamp' : 'key + log',
  );
  const sigstore = { ...base.config.sigstore, rekorUrl: rekorV2Url, rekorVersion: 2, tsaUrl };
  return { ...base, config: { ...base.config, sigstore } };
}

/** The policy of the signer, as a user declares it. */
export function policyArgs(stack: Stack, signer: TestSigner): VerificationPolicyArgs {
  const needsRoot = signer.transparency !== 'none';
  return {
    keys: signer.keys.map(({ pem }) => pem),
    identities: signer.identities,
    annotations: ANNOTATIONS,
    transparency: signer.transparency,
    provenance: { builderId: BUILDER },
    ...(needsRoot && { sigstore: { trustedRoot: stack.trustedRoot } }),
  };
}

export async function signedImage(
  stack: Stack,
  signer: TestSigner,
  { format, shape }: Pick<OfflineCase, 'format' | 'shape'>,
): Promise<PushedImage> {
  const push = shape === 'index' ? pushIndex : pushImage;
  const image = await push(stack.registry.host);
  await signWithOurs(image, signer, { format });
  return image;
}

export async function exported(
  stack: Stack,
  signer: TestSigner,
  image: PushedImage,
  output: string,
  withLayers: boolean,
): Promise<ExportResult> {
  const client = createRegistryClient({ dockerConfig: 'none' });
  try {
    return await exportImage(
      {
        image: `${image.repository}:v1@${parseDigest(image.digest)}`,
        output,
        withLayers,
        ...policyArgs(stack, signer),
      },
      { host: signer.host, client },
    );
  } finally {
    await client.close();
  }
}

export { IDENTITY };

/** The output `proof` of an image. */
export async function archiveOf(
  stack: Stack,
  signer: TestSigner,
  image: PushedImage,
  former?: string,
): Promise<string> {
  const args = policyArgs(stack, signer);
  const host = processHost();
  const client = createRegistryClient({ dockerConfig: 'none' });
  const reference = parseReference(`${image.repository}:v1@${image.digest}`);
  const { digest } = reference;
  if (digest === undefined) throw new Error('the image has no digest');
  try {
    const policy = await loadVerificationPolicy(args, host);
    const sigstore = args.sigstore ?? {};
    const request = { reference, digest, policy, sigstore, client, host, former };
    return (await proofArchive(request)).archive;
  } finally {
    await client.close();
  }
}

/** Extracts an archive with the system's tar, as a user does. */
export async function extracted(stack: Stack, archive: string, name: string): Promise<string> {
  const folder = join(stack.folder, name);
  await mkdir(folder);
  execFileSync('tar', ['-xzf', '-', '-C', folder], { input: Buffer.from(archive, 'base64') });
  return folder;
}
