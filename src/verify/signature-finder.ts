import { isDeepStrictEqual } from 'node:util';

import { sameProvenance } from '../attest/same-provenance';
import { SignedImageError } from '../error';
import { formatRepository } from '../oci/reference';
import { readBundles } from '../sign/format/bundle-format';
import { readLayers } from '../sign/format/legacy-format';
import { storedSignature } from '../sign/format/stored-signature';
import type { FindSignature, WantedSignature } from '../sign/reuse';
import { type Good, answer } from './candidate-check';
import { type ReusePolicy, trustOnly } from './signer-trust';

/** Whether it says what would be signed now: nothing less, and nothing more. */
function saysTheSame({ claim }: Good, wanted: WantedSignature): boolean {
  if (claim.subjects !== 1) return false;
  if (claim.purpose === 'provenance') {
    return sameProvenance(claim.predicate, wanted.provenance?.predicate);
  }
  const bound = claim.reference;
  if (bound !== undefined && bound !== formatRepository(wanted.repository)) return false;
  return isDeepStrictEqual({ ...claim.mentions[0] }, { ...wanted.annotations });
}

/**
 * Looks in the registry for signatures that need not be made again: valid under `policy`, by the
 * very signer who would sign now, and with the same content.
 */
export function createSignatureFinder(policy: ReusePolicy): FindSignature {
  return async (wanted, client) => {
    const { repository, purpose, format } = wanted;
    const { digest } = wanted.subject;
    const findings =
      format === 'bundle'
        ? await readBundles(client, repository, digest)
        : await readLayers(client, repository, digest, purpose);
    const question = {
      digest,
      purpose,
      trust: trustOnly(wanted.signer, policy),
      content: { annotations: {}, provenance: {} },
    };
    const { good, unread } = answer(findings, question, (found) => saysTheSame(found, wanted));
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
