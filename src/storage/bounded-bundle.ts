import { type Bundle, bundleFromJSON } from '@sigstore/bundle';

import { isBoundedJson } from '../http/json-bounds';

/** A certificate, its chain or a timestamp: hundreds of times what real ones have. */
const MAX_DER_BYTES = 256 * 1024;
/** A log entry's body names a hash, a signature and a key. */
const MAX_ENTRY_BYTES = 1024 * 1024;
const MAX_ENTRY_TOKENS = 10_000;
/** Log entries, timestamps, certificates of one bundle. */
const MAX_ITEMS = 64;
/** Hashes of an inclusion proof: more than a log of any size needs. */
const MAX_PROOF_HASHES = 128;

/**
 * A bundle from JSON, if no part of it takes the parsers of those parts (DER, JSON) more time and
 * memory than a real one: what is small as base64 may be a million values.
 *
 * @throws Error
 */
export function boundedBundle(json: unknown): Bundle {
  const bundle = bundleFromJSON(json);
  const { content, tlogEntries, timestampVerificationData } = bundle.verificationMaterial;
  const timestamps = timestampVerificationData?.rfc3161Timestamps ?? [];
  const certificates =
    content.$case === 'certificate'
      ? [content.certificate]
      : content.$case === 'x509CertificateChain'
        ? content.x509CertificateChain.certificates
        : [];
  for (const [what, list] of [
    ['log entries', tlogEntries],
    ['timestamps', timestamps],
    ['certificates', certificates],
  ] as const)
    if (list.length > MAX_ITEMS) throw new Error(`it has more than ${MAX_ITEMS} ${what}`);
  const der = [
    ...certificates.map(({ rawBytes }) => rawBytes),
    ...timestamps.map(({ signedTimestamp }) => signedTimestamp),
  ];
  if (der.some(({ length }) => length > MAX_DER_BYTES))
    throw new Error(`a certificate or timestamp of it has more than ${MAX_DER_BYTES} bytes`);
  for (const { canonicalizedBody, inclusionProof } of tlogEntries) {
    if (canonicalizedBody.length > MAX_ENTRY_BYTES)
      throw new Error(`a log entry of it has more than ${MAX_ENTRY_BYTES} bytes`);
    if (!isBoundedJson(canonicalizedBody, MAX_ENTRY_TOKENS))
      throw new Error(`a log entry of it has more than ${MAX_ENTRY_TOKENS} JSON values`);
    if ((inclusionProof?.hashes.length ?? 0) > MAX_PROOF_HASHES)
      throw new Error(`an inclusion proof of it has more than ${MAX_PROOF_HASHES} hashes`);
  }
  return bundle;
}
