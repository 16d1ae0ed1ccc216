import { dump } from 'js-yaml';

import { InvalidInputError, type Problem } from '../error';
import { anchored, claimEntries, literalPattern } from '../verify';
import type { AuditedSigners } from './entry-matcher';

/** Anchored for RE2, in which rekor-monitor searches for a match anywhere in the text. */
function whole(exact: string | undefined, pattern: string | undefined): string {
  return pattern === undefined ? `^${literalPattern(exact ?? '')}$` : anchored(pattern);
}

/** @throws InvalidInputError with each claim that is required */
function rejectClaims(identities: AuditedSigners['identities']): void {
  const problems = identities.flatMap(({ claims, claimPatterns }, index) =>
    Object.entries({ claims, claimPatterns }).flatMap(([member, required]) =>
      claimEntries(required).map(([name]): Problem => ({
        property: `identities[${index}].${member}.${name}`,
        code: 'INPUT_INVALID',
        message:
          'cannot be monitored: rekor-monitor matches extensions independently of identities, so it would report the entries of others; leave it out',
      })),
    ),
  );
  if (problems.length > 0) throw new InvalidInputError(problems);
}

/**
 * Creates the configuration of rekor-monitor for the same signers: certificates by identity and issuer,
 * keys by the SHA-256 of their DER.
 *
 * https://github.com/sigstore/rekor-monitor#configuration-file-format
 *
 * @throws InvalidInputError for claims, which rekor-monitor does not combine with identities
 */
export function rekorMonitorConfig({ keys, identities }: AuditedSigners): string {
  rejectClaims(identities);
  const monitoredValues = {
    ...(identities.length > 0 && {
      certIdentities: identities.map(({ identity, identityPattern, issuer, issuerPattern }) => ({
        certSubject: whole(identity, identityPattern),
        issuers: [whole(issuer, issuerPattern)],
      })),
    }),
    ...(keys.length > 0 && { fingerprints: keys.map(({ keyId }) => keyId) }),
  };
  return dump({ monitoredValues }, { lineWidth: -1, noRefs: true });
}
