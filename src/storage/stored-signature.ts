import { type Bundle, type TransparencyLogEntry, bundleToJSON } from '@sigstore/bundle';

import type { Digest } from '../oci/digest';
import type { LogEntry, Purpose, StoredFormat, StoredSignature } from './signature';
import { certificatePem } from './pem';

/** The log entries that a bundle carries. */
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

/** DER of the leaf certificate, for keyless. */
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

export interface StoredParts {
  readonly subject: Digest;
  readonly purpose: Purpose;
  readonly format: StoredFormat;
  readonly stored: Digest;
  readonly bundle: Bundle;
}

/** A signature that is in the registry, as it is told to others. */
export function storedSignature({ bundle, ...parts }: StoredParts): StoredSignature {
  const leaf = leafCertificate(bundle);
  return {
    ...parts,
    bundle: bundleToJSON(bundle),
    ...(leaf && { certificate: certificatePem(leaf) }),
    logEntries: logEntriesOf(bundle),
  };
}
