import { InvalidInputError } from '../error';
import type { CertificateIdentity } from '../sigstore/certificate-identity';
import type { ClaimName } from './certificate-claims';
import { compilePattern, type MatchesText } from './identity-pattern';
import { claimEntries, type TrustedIdentity } from './trusted-identity';

/** Returns the value of a claim of a certificate; `undefined` if the certificate does not have it. */
export type ReadClaim = (name: ClaimName) => string | undefined;

/** A claim that a certificate must have. */
interface RequiredClaim {
  readonly name: ClaimName;
  readonly matches: MatchesText;
  /** What is required, for messages. */
  readonly required: string;
}

function patternMatcher(pattern: string): MatchesText {
  const compiled = compilePattern(pattern);
  if ('matches' in compiled) return compiled.matches;
  throw new InvalidInputError([
    { property: 'verify.identities', code: 'INPUT_INVALID', message: compiled.fault },
  ]);
}

/** An absent side matches nothing: an incomplete identity must not trust anyone. */
function sideMatcher(exact: string | undefined, pattern: string | undefined): MatchesText {
  if (exact !== undefined) return (text) => text === exact;
  return pattern === undefined ? () => false : patternMatcher(pattern);
}

/** Compares the signer of a certificate with a trusted identity. */
export class IdentityMatcher {
  readonly #subject: MatchesText;
  readonly #issuer: MatchesText;
  readonly #claims: readonly RequiredClaim[];

  /** @throws InvalidInputError if a pattern does not compile */
  constructor(trusted: TrustedIdentity) {
    const { identity, identityPattern, issuer, issuerPattern, claims, claimPatterns } = trusted;
    this.#subject = sideMatcher(identity, identityPattern);
    this.#issuer = sideMatcher(issuer, issuerPattern);
    this.#claims = [
      ...claimEntries(claims).map(([name, value]) => ({
        name,
        matches: (text: string) => text === value,
        required: JSON.stringify(value),
      })),
      ...claimEntries(claimPatterns).map(([name, pattern]) => ({
        name,
        matches: patternMatcher(pattern),
        required: `text that matches ${JSON.stringify(pattern)}`,
      })),
    ];
  }

  /** Whether subject and issuer of a certificate match; its claims are compared by `claimFault`. */
  matches({ identity, issuer }: CertificateIdentity): boolean {
    return this.#subject(identity) && this.#issuer(issuer);
  }

  /** Returns which required claim the certificate does not have; `undefined` if it has all of them. */
  claimFault(read: ReadClaim): string | undefined {
    for (const { name, matches, required } of this.#claims) {
      const value = read(name);
      if (value === undefined) return `its certificate does not have the claim ${name}`;
      if (!matches(value)) {
        return `the claim ${name} of its certificate is ${quoted(value)}, not ${required}`;
      }
    }
    return undefined;
  }
}

/** Quotes text of a certificate for one line. */
function quoted(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}...` : text);
}
