import { type Bundle, type SerializedBundle, type TransparencyLogEntry } from '@sigstore/bundle';

import type { Digest } from '../oci/digest';
import { certificatePem } from '../host/pem-text';
import { toBundleJson } from './bundle-json';

/**
 * How a signature is stored. `bundle`: a Sigstore bundle v0.3 as OCI 1.1 referrer (cosign >= 3).
 * `legacy`: cosign's `.sig` and `.att` tags. `both`: each of them.
 */
export type SignatureFormat = 'bundle' | 'legacy' | 'both';
export type StoredFormat = Exclude<SignatureFormat, 'both'>;
/** `attestation`: an in-toto statement of any predicate type, other than provenance that we check as such. */
export type Purpose = 'signature' | 'provenance' | 'attestation';

/** A signature as it is stored in the registry. It holds public data only. */
export interface StoredSignature {
  /** The manifest that was signed. */
  readonly subject: Digest;
  readonly purpose: Purpose;
  readonly format: StoredFormat;
  /** Digest of the referrer manifest (`bundle`), or of the signature's layer (`legacy`). */
  readonly stored: Digest;
  /** The bundle's JSON: v0.3 as stored; for `legacy` its equivalent, so that both can be stored and read alike. */
  readonly bundle: SerializedBundle;
  /** PEM of the Fulcio leaf certificate, for keyless. */
  readonly certificate?: string;
  readonly logEntries: readonly LogEntry[];
}

/** A transparency log entry of a signature. */
export interface LogEntry {
  /** The index of the entry in its log. */
  readonly logIndex: string;
  /** Base64 of the log's key id. */
  readonly logId: string;
  /** Whole seconds since 1970; absent for logs that do not return a time (Rekor v2). */
  readonly integratedTime?: number;
}

/** Returns the log entries in a bundle. */
export function logEntriesOf(bundle: Bundle): readonly LogEntry[] {
  return bundle.verificationMaterial.tlogEntries.map((entry: TransparencyLogEntry) => {
    const integratedTime = Number(entry.integratedTime);
    return {
      logIndex: entry.logIndex,
      logId: entry.logId.keyId.toString('base64'),
      ...(integratedTime > 0 && { integratedTime }),
    };
  });
}

/** Returns the DER of the leaf certificate, for keyless signatures. */
export function leafCertificate(bundle: Bundle): Buffer | undefined {
  const { content } = bundle.verificationMaterial;
  const raw =
    content.$case === 'certificate'
      ? content.certificate.rawBytes
      : content.$case === 'x509CertificateChain'
        ? content.x509CertificateChain.certificates[0]?.rawBytes
        : undefined;
  return raw && Buffer.from(raw);
}

interface StoredParts {
  readonly subject: Digest;
  readonly purpose: Purpose;
  readonly format: StoredFormat;
  readonly stored: Digest;
  readonly bundle: Bundle;
}

/** Returns the public description of a signature in the registry. */
export function storedSignature({ bundle, ...parts }: StoredParts): StoredSignature {
  const leaf = leafCertificate(bundle);
  return {
    ...parts,
    bundle: toBundleJson(bundle),
    ...(leaf && { certificate: certificatePem(leaf) }),
    logEntries: logEntriesOf(bundle),
  };
}
