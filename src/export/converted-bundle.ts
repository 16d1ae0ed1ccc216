import { type Candidate, toBundleJson } from '../storage';

/**
 * Returns the bundle that is equivalent to a legacy signature, for clients that read only bundles. Version 0.1: the
 * only one that may contain a signed entry timestamp without an inclusion proof.
 *
 * The timestamp of an attestation may cover the whole envelope (`EnvelopeTimestamp`), which bundles do not allow. It is
 * left out if a log entry proves the time, too; otherwise there is no equivalent bundle.
 */
export function convertedBundle({ bundle, envelope }: Candidate): Buffer | undefined {
  const { verificationMaterial } = bundle;
  const { tlogEntries, timestampVerificationData } = verificationMaterial;
  const stamped = (timestampVerificationData?.rfc3161Timestamps.length ?? 0) > 0;
  if (envelope === undefined || !stamped)
    return Buffer.from(`${JSON.stringify(toBundleJson(bundle))}\n`, 'utf8');
  if (tlogEntries.length === 0) return undefined;
  const converted = {
    ...bundle,
    verificationMaterial: { ...verificationMaterial, timestampVerificationData: undefined },
  };
  return Buffer.from(`${JSON.stringify(toBundleJson(converted))}\n`, 'utf8');
}
