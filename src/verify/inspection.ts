import type { RegistryClient } from '../oci/client';
import type { Digest } from '../oci/digest';
import { type Repository } from '../oci/reference';
import { mapBounded } from '../storage/bounded';
import { readBundles } from '../storage/bundle-format';
import { readLayers } from '../storage/legacy-format';
import type { Purpose, StoredFormat } from '../storage/signature';
import { type ManifestGap, type SignableManifest, readImageManifests } from './image-manifests';
import { type Part, type Reading, evaluatePart, gapPart, reading } from './part';
import type { VerificationPolicy } from './policy';
import type { ManifestReport, PartReport, VerificationReport } from './report';
import { SignatureTrust } from './signature-trust';

const PARALLEL_MANIFESTS = 4;

/** A manifest of an image as an earlier look has found it: what a digest stands for stays. */
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

/** What is looked at: each purpose in each format. */
function purposesOf(policy: VerificationPolicy): readonly Purpose[] {
  return policy.provenance ? ['signature', 'provenance'] : ['signature'];
}

function formatsOf({ format }: VerificationPolicy): readonly StoredFormat[] {
  return format === 'any' || format === 'both' ? ['bundle', 'legacy'] : [format];
}

/**
 * Looks at an image and all that is stored beside it, and reports what of the policy is met. What
 * others stored there does not matter, as long as one signature of a trusted signer is good.
 *
 * For an index every platform manifest is looked at too (unless `policy.platforms` is false);
 * BuildKit's attestation manifests (`unknown/unknown`) are left out, because nothing runs them.
 *
 * @param known the manifests of the image, itself first, where they need not be read; then it is not
 * seen whether they are still there
 *
 * All of it together is bounded by the client's budget for one task; what was not read by then is
 * `unavailable`.
 *
 * @throws SignedImageError where the image itself cannot be read (`REGISTRY_*`, `CONTENT_*`), and
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
  const looked = policy.platforms ? manifests : manifests.slice(0, 1);
  const inspection = new Inspection(repository, policy, task, trust);
  const inspected = await mapBounded(looked, PARALLEL_MANIFESTS, async (manifest) => ({
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
  private reader(digest: Digest, format: StoredFormat): (purpose: Purpose) => Promise<Reading> {
    if (format === 'legacy') {
      return (purpose) => reading(() => readLayers(this.client, this.repository, digest, purpose));
    }
    let bundles: Promise<Reading> | undefined;
    return () => (bundles ??= reading(() => readBundles(this.client, this.repository, digest)));
  }
}

/** The parts that a policy asks for and that are not there; with `any`, one format is enough. */
export function unmetParts(
  { parts }: ManifestReport,
  policy: VerificationPolicy,
): readonly PartReport[] {
  return purposesOf(policy).flatMap((purpose) => {
    const asked = parts.filter((part) => part.purpose === purpose);
    const unmet = asked.filter(({ status }) => status !== 'present');
    return policy.format === 'any' && unmet.length < asked.length ? [] : unmet;
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
  const root = inspected[0]?.parts.flatMap(({ good }) => (good ? [good] : [])) ?? [];
  const signature = root.find(({ claim }) => claim.purpose === 'signature');
  const provenance = root.map(({ claim }) => claim).find((c) => c.purpose === 'provenance');
  return {
    verified: manifests.every((manifest) => unmetParts(manifest, policy).length === 0),
    digest,
    manifests,
    ...(signature && { signer: signature.signer }),
    annotations: signature?.annotations ?? {},
    ...(provenance && { provenance: provenance.predicate }),
  };
}
