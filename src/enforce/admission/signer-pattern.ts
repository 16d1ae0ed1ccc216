import type { Problem } from '../../error';
import type { CertificateClaims } from '../../verify/certificate-claims';
import { anchored, literalPattern } from '../../verify/identity-pattern';
import { claimEntries, type TrustedIdentity } from '../../verify/trusted-identity';

/** A keyless signer, as in the verification (`VerifiedImage.identities`): one description for every layer. */
export type PolicyIdentity = TrustedIdentity;

/** A condition for the subject or the issuer: an exact text, or an expression that is anchored at both ends. */
export interface Matcher {
  readonly exact?: string;
  readonly pattern?: string;
}

/** A trusted identity in the form that policy engines use. */
export interface IdentityConditions {
  readonly subject: Matcher;
  readonly issuer: Matcher;
  readonly claims: CertificateClaims;
  readonly claimPatterns: CertificateClaims;
}

const matcherOf = (exact: string | undefined, pattern: string | undefined): Matcher =>
  pattern === undefined ? { exact: exact ?? '' } : { pattern: anchored(pattern) };

/** Converts a valid identity to its conditions. */
export function identityConditions(args: PolicyIdentity): IdentityConditions {
  return {
    subject: matcherOf(args.identity, args.identityPattern),
    issuer: matcherOf(args.issuer, args.issuerPattern),
    claims: args.claims ?? {},
    claimPatterns: args.claimPatterns ?? {},
  };
}

/** Returns the expression that is equivalent to a matcher, for engines that support expressions only. */
export function expressionOf({ exact, pattern }: Matcher): string {
  return pattern ?? `^${literalPattern(exact ?? '')}$`;
}

/** Reports every claim that is required, for engines that do not compare claims. */
export function claimProblems(
  identities: readonly Pick<IdentityConditions, 'claims' | 'claimPatterns'>[],
  message: string,
): readonly Problem[] {
  return identities.flatMap(({ claims, claimPatterns }, index) =>
    Object.entries({ claims, claimPatterns }).flatMap(([member, required]) =>
      claimEntries(required).map(([name]): Problem => ({
        property: `identities[${index}].${member}.${name}`,
        code: 'INPUT_INVALID',
        message,
      })),
    ),
  );
}
