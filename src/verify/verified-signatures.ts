import type { RegistryClient } from '../oci/client';
import type { Digest } from '../oci/digest';
import type { Repository } from '../oci/reference';
import type { SignerDescription } from '../key/signer';
import { mapBounded } from '../storage/bounded';
import { readBundles } from '../storage/bundle-format';
import type { Candidate, Findings } from '../storage/candidate';
import { readLayers } from '../storage/legacy-format';
import type { Purpose } from '../storage/signature';
import { checkFindings, type VerifiedSignature } from './candidate-check';
import type { KnownManifest } from './inspection';
import type { VerificationPolicy } from './policy';
import { SignatureTrust } from './signature-trust';

const PARALLEL_MANIFESTS = 4;
const PURPOSES: readonly Purpose[] = ['signature', 'provenance'];

/** A stored signature or provenance that meets the policy, with everything that proves it. */
export interface SignatureEvidence {
  /** The manifest that was signed. */
  readonly subject: Digest;
  /** `os/architecture[/variant]` of that manifest; absent for the image itself. */
  readonly platform?: string;
  readonly purpose: Purpose;
  readonly candidate: Candidate;
  readonly signer: SignerDescription;
}

/** Everything that is stored for an image, sorted into what meets the policy and what does not. */
export interface StoredEvidence {
  readonly verified: readonly SignatureEvidence[];
  /** Digests of stored objects that do not meet the policy, are of another type, or could not be read. */
  readonly others: readonly Digest[];
}

/**
 * Returns all signatures and provenance that meet a policy, in both formats, whereas a verification ends with the
 * first one. Provenance is included even if the policy does not require it.
 *
 * @throws SignedImageError if a list of referrers or a tag cannot be read (`REGISTRY_*`, `CONTENT_*`)
 */
export async function listVerifiedSignatures(
  repository: Repository,
  manifests: readonly KnownManifest[],
  policy: VerificationPolicy,
  client: RegistryClient,
): Promise<StoredEvidence> {
  const trust = new SignatureTrust(policy);
  const found = await mapBounded(manifests, PARALLEL_MANIFESTS, async ({ digest, platform }) => {
    const lists = await Promise.all([
      readBundles(client, repository, digest),
      readLayers(client, repository, digest, 'signature'),
      readLayers(client, repository, digest, 'provenance'),
    ]);
    const request = { digest, trust, content: policy };
    const verified = lists.flatMap((findings) =>
      PURPOSES.flatMap((purpose) =>
        allVerified(findings, (isSufficient) =>
          checkFindings(findings, { ...request, purpose }, isSufficient),
        ).map(({ candidate, signer }): SignatureEvidence => ({
          subject: digest,
          ...(platform !== undefined && { platform }),
          purpose,
          candidate,
          signer,
        })),
      ),
    );
    return { verified, others: othersOf(lists, verified) };
  });
  return {
    verified: found.flatMap(({ verified }) => verified),
    others: found.flatMap(({ others }) => others),
  };
}

/** Collects all verified signatures: none of them is sufficient, so that the check continues. */
function allVerified(
  { candidates }: Findings,
  check: (isSufficient: (signature: VerifiedSignature) => boolean) => unknown,
): readonly VerifiedSignature[] {
  const all: VerifiedSignature[] = [];
  if (candidates.length > 0) check((signature) => all.push(signature) < 0);
  return all;
}

function othersOf(
  lists: readonly Findings[],
  verified: readonly SignatureEvidence[],
): readonly Digest[] {
  const accepted = new Set(verified.map(({ candidate }) => candidate));
  return lists.flatMap(({ candidates, unusable, unread }) => [
    ...candidates.filter((candidate) => !accepted.has(candidate)).map(({ stored }) => stored),
    ...unusable.map(({ stored }) => stored),
    ...unread.map(({ stored }) => stored),
  ]);
}
