import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { auditCluster, type ClusterAuditArgs, openPodApi } from '../../../src/audit';
import type { AuditedImage, AuditReport } from '../../../src/audit';
import { type Descriptor, OCI_INDEX, pinned, type Repository } from '../../../src/oci';
import { type SignImageRequest, signImage } from '../../../src/sign';
import { testHost } from '../../sign/support/host';
import {
  freshRepository,
  type KeyPair,
  type Lab,
  newKey,
  onPlatform,
  openLab,
  pushImage,
  pushIndex,
  target,
} from '../../verify/support/lab';
import { type PodsDouble, startPodsDouble } from './pods-double';

/** An image in the lab's registry. */
export interface PushedImage {
  readonly repository: Repository;
  readonly manifest: Descriptor;
  /** `host/repo@sha256:...` */
  readonly ref: string;
}

/** A registry, a Sigstore instance and a cluster for one test file. */
export interface AuditLab {
  readonly lab: Lab;
  readonly api: PodsDouble;
  readonly folder: string;
  readonly ours: KeyPair;
  close(): Promise<void>;
}

export async function openAuditLab(): Promise<AuditLab> {
  const [lab, api] = await Promise.all([openLab(), startPodsDouble()]);
  const folder = await mkdtemp(join(tmpdir(), 'audit-'));
  return {
    lab,
    api,
    folder,
    ours: newKey(lab, { log: true }),
    close: async () => {
      await Promise.all([lab.close(), api.close()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const named = (repository: Repository, manifest: Descriptor): PushedImage => ({
  repository,
  manifest,
  ref: pinned(repository, manifest.digest),
});

export async function push({ lab }: AuditLab): Promise<PushedImage> {
  const repository = freshRepository(lab);
  return named(repository, await pushImage(lab, repository));
}

/** An index of two platforms: itself, and each of them. */
export async function pushPlatforms({ lab }: AuditLab): Promise<readonly PushedImage[]> {
  const repository = freshRepository(lab);
  const platforms = await Promise.all(
    ['amd64', 'arm64'].map(async (architecture) =>
      onPlatform(await pushImage(lab, repository), { os: 'linux', architecture }),
    ),
  );
  const index = await pushIndex(lab, repository, platforms);
  const listed = platforms.map(({ digest, size, mediaType }) => ({ digest, size, mediaType }));
  return [{ ...index, mediaType: OCI_INDEX }, ...listed].map((each) => named(repository, each));
}

/** Signs all of them, with provenance. */
export async function sign(
  { lab }: AuditLab,
  images: readonly PushedImage[],
  { material }: Pick<KeyPair, 'material'>,
  request: Partial<Pick<SignImageRequest, 'format'>> & { readonly provenance?: false } = {},
): Promise<void> {
  const { provenance, format = 'bundle' } = request;
  const [{ repository }] = images as [PushedImage];
  const targets = images.map(({ manifest }) => {
    const all = target(repository, manifest);
    return provenance === false ? { ...all, provenance: undefined } : all;
  });
  await signImage({ repository, targets, format, material }, lab.client);
}

/** Audits by the double, and returns what was found of each image, by its name. */
export async function audited(
  { api, folder, lab, ours }: AuditLab,
  args: Partial<ClusterAuditArgs> = {},
): Promise<{
  readonly report: AuditReport;
  of(image: { readonly ref: string }): AuditedImage | undefined;
}> {
  const host = testHost({ env: { KUBECONFIG: await api.kubeconfig(folder) } });
  const policy = { keys: [ours.publicKey.pem] };
  const source = await openPodApi(host, { pauseMs: 1 });
  const report = await auditCluster({ policy, ...args }, { host, source, client: lab.client });
  return { report, of: ({ ref }) => report.images.find(({ image }) => image === ref) };
}
