import type { VerificationMaterial } from '@sigstore/sign';

import { Timestamp } from './timestamp';
import type { SigningWitness } from '../key/signer';
import type { CertificateCache } from './certificate-cache';
import { isRefusal } from '../http/service-call';

/** Returns the times of the log entries and signed timestamps. */
function timesOf({ tlogEntries = [], rfc3161Timestamps = [] }: VerificationMaterial): Date[] {
  const integrated = tlogEntries
    .map((entry) => Number(entry.integratedTime))
    // Entries of Rekor v2 have no time.
    .filter((seconds) => seconds > 0)
    .map((seconds) => new Date(seconds * 1000));
  const stamped = rfc3161Timestamps.flatMap(({ signedTimestamp }) =>
    stampedTime(Buffer.from(signedTimestamp)),
  );
  return [...integrated, ...stamped];
}

/** Empty if it cannot be parsed: the verifier reports the error. */
function stampedTime(timestamp: Buffer): Date[] {
  try {
    return [Timestamp.parse(timestamp).signingTime];
  } catch {
    return [];
  }
}

/**
 * Wraps a witness to update the certificate cache: with the time that the log or timestamp authority
 * returns, which determines the validity of the certificate, or when it rejects a signature of it.
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
      for (const time of timesOf(material)) certificates.recordTime(certificate, time);
      return material;
    },
  };
}
