import { type Bundle, bundleFromJSON } from '@sigstore/bundle';

import { isBoundedJson } from '../http/json-bounds';

/** The limit for a certificate or a timestamp: hundreds of times the size of real ones. */
const MAX_DER_BYTES = 256 * 1024;
/** The limit for a log entry's body, which contains a hash, a signature and a key. */
const MAX_ENTRY_BYTES = 1024 * 1024;
const MAX_ENTRY_TOKENS = 10_000;
/** Log entries, timestamps, certificates of one bundle. */
const MAX_ITEMS = 64;
/** Hashes of an inclusion proof: more than logs of any size need. */
const MAX_PROOF_HASHES = 128;

/**
 * Parses a bundle from JSON, and rejects one with parts that would take the parsers of these parts
 * (DER, JSON) more time and memory than real ones: a small base64 text may contain a million values.
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
  for (const [name, list] of [
    ['log entries', tlogEntries],
    ['timestamps', timestamps],
    ['certificates', certificates],
  ] as const)
    if (list.length > MAX_ITEMS) throw new Error(`it has more than ${MAX_ITEMS} ${name}`);
  const der = [
    ...certificates.map(({ rawBytes }) => rawBytes),
    ...timestamps.map(({ signedTimestamp }) => signedTimestamp),
  ];
  if (der.some(({ length }) => length > MAX_DER_BYTES))
    throw new Error(`a certificate or timestamp in it has more than ${MAX_DER_BYTES} bytes`);
  for (const { canonicalizedBody, inclusionProof } of tlogEntries) {
    if (canonicalizedBody.length > MAX_ENTRY_BYTES)
      throw new Error(`a log entry in it has more than ${MAX_ENTRY_BYTES} bytes`);
    if (!isBoundedJson(canonicalizedBody, MAX_ENTRY_TOKENS))
      throw new Error(`a log entry in it has more than ${MAX_ENTRY_TOKENS} JSON values`);
    if ((inclusionProof?.hashes.length ?? 0) > MAX_PROOF_HASHES)
      throw new Error(`an inclusion proof in it has more than ${MAX_PROOF_HASHES} hashes`);
  }
  return bundle;
}
