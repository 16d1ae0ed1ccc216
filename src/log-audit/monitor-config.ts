import { dump } from 'js-yaml';

import type { AuditedSigners } from './entry-matcher';

/** Quotes text for RE2, in which rekor-monitor matches: exactly this text. */
function exactly(text: string): string {
  return `^${text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&')}$`;
}

/**
 * Creates the configuration of rekor-monitor for the same signers: certificates by identity and issuer,
 * keys by the SHA-256 of their DER.
 *
 * https://github.com/sigstore/rekor-monitor#configuration-file-format
 */
export function rekorMonitorConfig({ keys, identities }: AuditedSigners): string {
  const monitoredValues = {
    ...(identities.length > 0 && {
      certIdentities: identities.map(({ identity, issuer }) => ({
        certSubject: exactly(identity),
        issuers: [exactly(issuer)],
      })),
    }),
    ...(keys.length > 0 && { fingerprints: keys.map(({ keyId }) => keyId) }),
  };
  return dump({ monitoredValues }, { lineWidth: -1, noRefs: true });
}
