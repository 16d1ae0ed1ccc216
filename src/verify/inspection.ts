import type { RegistryClient } from '../oci/client';
import type { Digest } from '../oci/digest';
import { type Repository } from '../oci/reference';
import { mapBounded } from '../storage/bounded';
import { readBundles } from '../storage/bundle-format';
import { readLayers } from '../storage/legacy-format';
import type { Purpose, StoredFormat } from '../storage/signature';
import { type ManifestGap, type SignableManifest, readImageManifests } from './image-manifests';
import { type Part, type ReadResult, evaluatePart, gapPart, readResult } from './part';
import type { VerificationPolicy } from './policy';
import type { ManifestReport, PartReport, VerificationReport } from './report';
import { SignatureTrust } from './signature-trust';

const PARALLEL_MANIFESTS = 4;

/** A manifest of an image from an earlier read: the content of a digest does not change. */
export interface KnownManifest {
  readonly digest: Digest;
  readonly mediaType?: string;
  readonly platform?: string;
}

interface InspectedManifest extends KnownManifest {
  readonly gap?: ManifestGap;
}

interface Inspected {
  readonly manifest: InspectedManifest;
  readonly parts: readonly Part[];
}

/** Returns the purposes to read; each is read in each format. */
function purposesOf(policy: VerificationPolicy): readonly Purpose[] {
  if (policy.predicateType !== undefined) return ['attestation'];
  return policy.provenance ? ['signature', 'provenance'] : ['signature'];
}

function formatsOf({ format }: VerificationPolicy): readonly StoredFormat[] {
  return format === 'any' || format === 'both' ? ['bundle', 'legacy'] : [format];
}

/**
 * Reads an image and all signatures that are stored for it, and reports which requirements of the
 * policy are met. Signatures of other signers do not matter if one of a trusted signer verifies.
 *
 * For an index every platform manifest is read too (unless `policy.platforms` is false); BuildKit's
 * attestation manifests (`unknown/unknown`) are excluded, because nothing runs them.
 *
 * @param known the manifests of the image, itself first, if they need not be read; then it is not
 * checked whether they still exist
 *
 * The total time is limited by the client's budget for one task; what was not read by then is
 * `unavailable`.
 *
 * @throws SignedImageError if the image itself cannot be read (`REGISTRY_*`, `CONTENT_*`), and
 *   for a policy that cannot be checked (`INPUT_INVALID`, `TRUSTED_ROOT_INVALID`)
 */
export async function inspectImage(
  repository: Repository,
  digest: Digest,
  policy: VerificationPolicy,
  client: RegistryClient,
  known?: readonly KnownManifest[],
): Promise<VerificationReport> {
  const trust = new SignatureTrust(policy);
  const task = client.task();
  const manifests: readonly InspectedManifest[] =
    known ?? (await readImageManifests(repository, digest, task)).map(toInspected);
  const selected = policy.platforms ? manifests : manifests.slice(0, 1);
  const inspection = new Inspection(repository, policy, task, trust);
  const inspected = await mapBounded(selected, PARALLEL_MANIFESTS, async (manifest) => ({
    manifest,
    parts: await inspection.parts(manifest),
  }));
  return report(digest, policy, inspected);
}

function toInspected({ descriptor, platform, gap }: SignableManifest): InspectedManifest {
  const { digest, mediaType } = descriptor;
  return { digest, mediaType, ...(platform !== undefined && { platform }), ...(gap && { gap }) };
}

class Inspection {
  constructor(
    private readonly repository: Repository,
    private readonly policy: VerificationPolicy,
    private readonly client: RegistryClient,
    private readonly trust: SignatureTrust,
  ) {}

  async parts({ digest, gap }: InspectedManifest): Promise<readonly Part[]> {
    const parts: Part[] = [];
    for (const format of formatsOf(this.policy)) {
      const read = this.reader(digest, format);
      for (const purpose of purposesOf(this.policy)) {
        parts.push(
          gap
            ? gapPart(purpose, format, gap)
            : evaluatePart(await read(purpose), format, {
                digest,
                purpose,
                trust: this.trust,
                content: this.policy,
              }),
        );
      }
    }
    return parts;
  }

  /** Bundles of all purposes are in one list, which is read once; legacy has a tag for each. */
  private reader(digest: Digest, format: StoredFormat): (purpose: Purpose) => Promise<ReadResult> {
    if (format === 'legacy') {
      return (purpose) =>
        readResult(() => readLayers(this.client, this.repository, digest, purpose));
    }
    let bundles: Promise<ReadResult> | undefined;
    return () => (bundles ??= readResult(() => readBundles(this.client, this.repository, digest)));
  }
}

/** Returns the parts that a policy requires and that are not present; with `any`, one format is enough. */
export function unmetParts(
  { parts }: ManifestReport,
  policy: VerificationPolicy,
): readonly PartReport[] {
  return purposesOf(policy).flatMap((purpose) => {
    const required = parts.filter((part) => part.purpose === purpose);
    const unmet = required.filter(({ status }) => status !== 'present');
    return policy.format === 'any' && unmet.length < required.length ? [] : unmet;
  });
}

function manifestReport({ manifest, parts }: Inspected): ManifestReport {
  const { digest, mediaType, platform } = manifest;
  return {
    digest,
    ...(mediaType !== undefined && { mediaType }),
    ...(platform !== undefined && { platform }),
    parts: parts.map((part) => part.report),
  };
}

function report(
  digest: Digest,
  policy: VerificationPolicy,
  inspected: readonly Inspected[],
): VerificationReport {
  const manifests = inspected.map(manifestReport);
  const root = inspected[0]?.parts.flatMap(({ verified }) => (verified ? [verified] : [])) ?? [];
  const signature = root.find(({ claim }) => claim.purpose === 'signature');
  const statement = root.map(({ claim }) => claim).find(({ purpose }) => purpose !== 'signature');
  const predicate = statement?.purpose === 'signature' ? undefined : statement?.predicate;
  const { predicateType } = policy;
  const signer = signature?.signer ?? (predicateType === undefined ? undefined : root[0]?.signer);
  return {
    verified: manifests.every((manifest) => unmetParts(manifest, policy).length === 0),
    digest,
    manifests,
    ...(signer && { signer }),
    annotations: signature?.annotations ?? {},
    ...(statement &&
      (predicateType === undefined
        ? { provenance: predicate }
        : { attestation: { predicateType, predicate } })),
  };
}
