import type { RegistryClient } from '../oci/client';
import type { Digest } from '../oci/digest';
import { type Repository } from '../oci/reference';
import { mapBounded } from '../storage/bounded';
import type { Purpose, StoredFormat } from '../storage/signature';
import { type ManifestGap, type SignableManifest, readImageManifests } from './image-manifests';
import { ManifestReads } from './manifest-reads';
import { type Part, evaluatePart, gapPart } from './part';
import type { VerificationPolicy } from './policy';
import type { ManifestReport, PartReport, VerificationReport } from './report';
import { type CheckedRequirement, checkRequirement } from './requirement/requirement-check';
import { SignatureTrust } from './signature-trust';

const PARALLEL_MANIFESTS = 4;

/** A manifest of an image from an earlier read: the content of a digest does not change. */
export interface KnownManifest {
  readonly digest: Digest;
  readonly mediaType?: string;
  readonly platform?: string;
  readonly attestationManifests?: readonly Digest[];
}

interface InspectedManifest extends KnownManifest {
  readonly gap?: ManifestGap;
}

interface Inspected {
  readonly manifest: InspectedManifest;
  readonly parts: readonly Part[];
}

/** Returns the purposes to read; each is read in each format. With requirements alone there are none. */
function purposesOf(policy: VerificationPolicy): readonly Purpose[] {
  if (policy.predicateType !== undefined) return ['attestation'];
  const { keys, trustedKeys = [], identities, require: requirements = [] } = policy;
  const signers = keys.length + trustedKeys.length + identities.length;
  if (signers === 0 && requirements.length > 0) return [];
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
  // Without requirements a policy must trust a signer: one that demands nothing would accept everything.
  const trust = purposesOf(policy).length > 0 ? new SignatureTrust(policy) : undefined;
  const { require: requirements = [] } = policy;
  const task = client.task();
  const manifests: readonly InspectedManifest[] =
    known ?? (await readImageManifests(repository, digest, task)).map(toInspected);
  const selected = policy.platforms ? manifests : manifests.slice(0, 1);
  const reads = new ManifestReads(task, repository);
  const inspected = await mapBounded(selected, PARALLEL_MANIFESTS, async (manifest) => ({
    manifest,
    parts: trust ? await partsOf(manifest, policy, reads, trust) : [],
  }));
  const now = new Date();
  const checked = await Promise.all(
    requirements.map((each) => checkRequirement(each, manifests, reads, now)),
  );
  return report(digest, policy, inspected, checked);
}

function toInspected(manifest: SignableManifest): InspectedManifest {
  const { descriptor, platform, gap, attestationManifests } = manifest;
  const { digest, mediaType } = descriptor;
  return {
    digest,
    mediaType,
    ...(platform !== undefined && { platform }),
    ...(attestationManifests && { attestationManifests }),
    ...(gap && { gap }),
  };
}

async function partsOf(
  { digest, gap }: InspectedManifest,
  policy: VerificationPolicy,
  reads: ManifestReads,
  trust: SignatureTrust,
): Promise<readonly Part[]> {
  const parts: Part[] = [];
  for (const format of formatsOf(policy)) {
    for (const purpose of purposesOf(policy)) {
      const request = { digest, purpose, trust, content: policy };
      parts.push(
        gap
          ? gapPart(purpose, format, gap)
          : evaluatePart(await reads.read(digest, format, purpose), format, request),
      );
    }
  }
  return parts;
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

function manifestReport(
  { manifest, parts }: Inspected,
  { require: requirements }: VerificationPolicy,
): ManifestReport {
  const { digest, mediaType, platform, attestationManifests } = manifest;
  return {
    digest,
    ...(mediaType !== undefined && { mediaType }),
    ...(platform !== undefined && { platform }),
    ...(requirements && attestationManifests && { attestationManifests }),
    parts: parts.map((part) => part.report),
  };
}

function report(
  digest: Digest,
  policy: VerificationPolicy,
  inspected: readonly Inspected[],
  checked: readonly CheckedRequirement[],
): VerificationReport {
  const manifests = inspected.map((each) => manifestReport(each, policy));
  const requirements = checked.map((each) => each.report);
  const root = inspected[0]?.parts.flatMap(({ verified }) => (verified ? [verified] : [])) ?? [];
  const signature = root.find(({ claim }) => claim.purpose === 'signature');
  const statement = root.map(({ claim }) => claim).find(({ purpose }) => purpose !== 'signature');
  const predicate = statement?.purpose === 'signature' ? undefined : statement?.predicate;
  const { predicateType } = policy;
  const evidence = checked.flatMap((each) => each.evidence);
  const signer =
    signature?.signer ??
    (predicateType === undefined ? undefined : root[0]?.signer) ??
    evidence[0]?.signer;
  const signed = checked.find((each) => each.report.predicateType === undefined)?.evidence[0];
  const provenance = predicateType === undefined ? predicate : undefined;
  return {
    verified:
      manifests.every((manifest) => unmetParts(manifest, policy).length === 0) &&
      requirements.every(({ status }) => status === 'present'),
    digest,
    manifests,
    ...(checked.length > 0 && { requirements }),
    ...(signer && { signer }),
    annotations: signature?.annotations ?? signed?.annotations ?? {},
    ...provenanceMember(provenance ?? provenanceIn(checked)),
    ...(statement && predicateType !== undefined && { attestation: { predicateType, predicate } }),
  };
}

function provenanceMember(provenance: unknown): { readonly provenance?: unknown } {
  return provenance === undefined ? {} : { provenance };
}

/** Returns the predicate of the first required SLSA provenance. */
function provenanceIn(checked: readonly CheckedRequirement[]): unknown {
  return checked.find(({ report: { predicateType } }) =>
    predicateType?.startsWith('https://slsa.dev/provenance/'),
  )?.evidence[0]?.predicate;
}
