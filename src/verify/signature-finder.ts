import { isDeepStrictEqual } from 'node:util';

import { sameProvenance } from '../attest/same-provenance';
import { SignedImageError } from '../error';
import type { RegistryClient } from '../oci/client';
import { formatRepository, pinned } from '../oci/reference';
import { readBundles } from '../storage/bundle-format';
import type { Findings } from '../storage/candidate';
import { readLayers } from '../storage/legacy-format';
import { storedSignature } from '../storage/signature';
import type { FindSignature, WantedSignature } from '../sign/reuse';
import { type VerifiedSignature, answer } from './candidate-check';
import { type ReusePolicy, trustOnly } from './signer-trust';

/** Whether it says what would be signed now: nothing less, and nothing more. */
function hasSameContent({ claim }: VerifiedSignature, wanted: WantedSignature): boolean {
  if (claim.subjects !== 1) return false;
  if (claim.purpose === 'provenance') {
    return sameProvenance(claim.predicate, wanted.provenance?.predicate);
  }
  const bound = claim.reference;
  if (bound !== undefined && bound !== formatRepository(wanted.repository)) return false;
  return isDeepStrictEqual({ ...claim.matchingSubjects[0] }, { ...wanted.annotations });
}

/**
 * Looks in the registry for signatures that need not be made again: valid under `policy`, by the
 * very signer who would sign now, and with the same content. What lies beside a manifest is read
 * once in a piece of work (`client.task()`), for signature and provenance together.
 */
export function createSignatureFinder(policy: ReusePolicy): FindSignature {
  const works = new WeakMap<RegistryClient, Map<string, Promise<Findings>>>();
  const read = (
    { repository, subject, purpose, format }: WantedSignature,
    client: RegistryClient,
  ) => {
    const { digest } = subject;
    if (format === 'legacy') return readLayers(client, repository, digest, purpose);
    const bundles = works.get(client) ?? new Map<string, Promise<Findings>>();
    works.set(client, bundles);
    const image = pinned(repository, digest);
    // What is not seen now is looked for again when it is written.
    const known = bundles.get(image) ?? readBundles(client, repository, digest, PROVISIONAL);
    bundles.set(image, known);
    return known;
  };
  return async (wanted, client) => {
    const { purpose, format } = wanted;
    const { digest } = wanted.subject;
    const question = {
      digest,
      purpose,
      trust: trustOnly(wanted.signer, policy),
      content: { annotations: {}, provenance: {} },
    };
    const findings = await read(wanted, client);
    const { good, unread } = answer(findings, question, (found) => hasSameContent(found, wanted));
    const [found] = good;
    if (found) {
      const { stored, bundle } = found.candidate;
      return storedSignature({ subject: digest, purpose, format, stored, bundle });
    }
    if (unread[0] === undefined) return undefined;
    throw new SignedImageError({
      code: 'REGISTRY_UNAVAILABLE',
      message: `it cannot be told whether ${digest} is signed already: ${unread[0]}`,
    });
  };
}

const PROVISIONAL = { provisional: true };
