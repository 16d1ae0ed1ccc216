import type { VerificationMaterial } from '@sigstore/sign';

import { Timestamp } from './timestamp';
import type { SigningWitness } from '../key/signer';
import type { CertificateCache } from './certificate-cache';
import { isRefusal } from '../http/service-call';

/** When a witness says that it saw the signature. */
function timesOf({ tlogEntries = [], rfc3161Timestamps = [] }: VerificationMaterial): Date[] {
  const integrated = tlogEntries
    .map((entry) => Number(entry.integratedTime))
    // A Rekor v2 says none.
    .filter((seconds) => seconds > 0)
    .map((seconds) => new Date(seconds * 1000));
  const stamped = rfc3161Timestamps.flatMap(({ signedTimestamp }) =>
    stampedTime(Buffer.from(signedTimestamp)),
  );
  return [...integrated, ...stamped];
}

/** None where it cannot be read: that it does not verify is told by who verifies it. */
function stampedTime(timestamp: Buffer): Date[] {
  try {
    return [Timestamp.parse(timestamp).signingTime];
  } catch {
    return [];
  }
}

/**
 * Tells the run's certificates what a witness says of one: the time by which it is judged, or that
 * the witness refused what it signed.
 */
export function observedWitness(
  witness: SigningWitness,
  certificates: CertificateCache,
): SigningWitness {
  return {
    ...witness,
    async testify(content, certificate) {
      let material: VerificationMaterial;
      try {
        material = await witness.testify(content, certificate);
      } catch (error) {
        if (isRefusal(error)) certificates.forget(certificate);
        throw error;
      }
      for (const time of timesOf(material)) certificates.witnessed(certificate, time);
      return material;
    },
  };
}
