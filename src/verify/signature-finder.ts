import { isDeepStrictEqual } from 'node:util';

import { samePredicate } from '../attest/attestation';
import { sameProvenance } from '../attest/same-provenance';
import { SignedImageError } from '../error';
import type { RegistryClient } from '../oci/client';
import { formatRepository, pinned } from '../oci/reference';
import { readBundles } from '../storage/bundle-format';
import type { Findings } from '../storage/candidate';
import { readLayers } from '../storage/legacy-format';
import { storedSignature } from '../storage/signature';
import type { FindSignature, WantedSignature } from '../sign/reuse';
import { type VerifiedSignature, checkFindings } from './candidate-check';
import { type ReusePolicy, trustOnly } from './signer-trust';

/** Whether it has exactly the content that would be signed now. */
function hasSameContent({ claim }: VerifiedSignature, wanted: WantedSignature): boolean {
  if (claim.subjects !== 1) return false;
  if (claim.purpose !== 'signature') {
    const { predicateType } = claim;
    const { purpose, statement } = wanted;
    if (statement === undefined || statement.predicateType !== predicateType) return false;
    return purpose === 'provenance'
      ? sameProvenance(claim.predicate, statement.predicate)
      : samePredicate(predicateType, claim.predicate, statement.predicate);
  }
  if (wanted.format === 'legacy' && !claimsIdentity(claim.reference, wanted)) return false;
  return isDeepStrictEqual({ ...claim.matchingSubjects[0] }, { ...wanted.annotations });
}

/** A payload without a reference claims none, and counts unless one is declared. */
function claimsIdentity(
  claimed: string | undefined,
  { signedIdentity, repository }: WantedSignature,
): boolean {
  if (claimed === undefined) return signedIdentity === undefined;
  return claimed === (signedIdentity ?? formatRepository(repository));
}

/**
 * Creates a finder of stored signatures that need not be created again: valid under `policy`, by the
 * same signer, and with the same content. The referrers of a manifest are read once per task
 * (`client.task()`), for signature and provenance together.
 */
export function createSignatureFinder(policy: ReusePolicy): FindSignature {
  const tasks = new WeakMap<RegistryClient, Map<string, Promise<Findings>>>();
  const read = (
    { repository, subject, purpose, format }: WantedSignature,
    client: RegistryClient,
  ) => {
    const { digest } = subject;
    if (format === 'legacy') return readLayers(client, repository, digest, purpose);
    const bundles = tasks.get(client) ?? new Map<string, Promise<Findings>>();
    tasks.set(client, bundles);
    const image = pinned(repository, digest);
    // A signature that is not listed now is read again after the write.
    const known = bundles.get(image) ?? readBundles(client, repository, digest, PROVISIONAL);
    bundles.set(image, known);
    return known;
  };
  return async (wanted, client) => {
    const { purpose, format } = wanted;
    const { digest } = wanted.subject;
    const request = {
      digest,
      purpose,
      trust: trustOnly(wanted.signer, policy),
      content: {
        annotations: {},
        provenance: {},
        ...(purpose === 'attestation' && { predicateType: wanted.statement?.predicateType }),
      },
    };
    const findings = await read(wanted, client);
    const { verified, unread } = checkFindings(findings, request, (signature) =>
      hasSameContent(signature, wanted),
    );
    const [found] = verified;
    if (found) {
      const { stored, bundle } = found.candidate;
      return storedSignature({ subject: digest, purpose, format, stored, bundle });
    }
    if (unread[0] === undefined) return undefined;
    throw new SignedImageError({
      code: 'REGISTRY_UNAVAILABLE',
      message: `could not determine whether ${digest} is already signed: ${unread[0]}`,
    });
  };
}

const PROVISIONAL = { provisional: true };
