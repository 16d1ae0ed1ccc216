import type { Problem } from '../error';
import { unknownName } from '../error/unknown-name';
import {
  CLAIM_NAMES,
  type CertificateClaims,
  type ClaimName,
  URL_CLAIMS,
} from './certificate-claims';
import { compilePattern } from './identity-pattern';
import { openPatternFault, type PatternSubject } from './open-pattern';

/**
 * A trusted keyless signer: the subject of the certificate and the OIDC issuer, each either exactly or by a pattern,
 * and claims that the certificate must have. A pattern is a regular expression (RE2) that the whole text must match.
 */
export interface TrustedIdentity {
  /** The certificate's subject alternative name, exactly: a URI or an e-mail address. */
  readonly identity?: string | undefined;
  /** Regular expression that the whole subject alternative name must match, instead of `identity`. */
  readonly identityPattern?: string | undefined;
  /** The OIDC issuer in the certificate's Fulcio extension, exactly. */
  readonly issuer?: string | undefined;
  /** Regular expression that the whole issuer must match, instead of `issuer`. */
  readonly issuerPattern?: string | undefined;
  /** Values that Fulcio's extensions of the certificate must have, exactly. */
  readonly claims?: CertificateClaims | undefined;
  /** Regular expressions that the whole values of Fulcio's extensions must match. */
  readonly claimPatterns?: CertificateClaims | undefined;
}

type Side = 'identity' | 'issuer';
type Report = (property: string, message: string) => void;

/** Whether a member has a value, even if the value is not known yet. */
export type IsGiven = (member: keyof TrustedIdentity) => boolean;

/** Returns why a pattern does not compile, or whom else it would trust. */
function patternFault(pattern: string, subject: PatternSubject): string | undefined {
  if (pattern === '') return 'is empty';
  const compiled = compilePattern(pattern);
  return 'fault' in compiled
    ? compiled.fault
    : openPatternFault(pattern, compiled.matches, subject);
}

function checkSide(trusted: TrustedIdentity, side: Side, isGiven: IsGiven, report: Report): void {
  const patternMember = `${side}Pattern` as const;
  const exact: unknown = trusted[side];
  const pattern: unknown = trusted[patternMember];
  if (isGiven(side) && isGiven(patternMember)) {
    report(patternMember, `cannot be combined with \`${side}\`: set one of the two`);
  } else if (typeof pattern === 'string') {
    const fault = patternFault(pattern, side);
    if (fault !== undefined) report(patternMember, fault);
  } else if (typeof exact === 'string') {
    if (exact.trim() === '') report(side, 'is empty: any signer would be trusted');
  } else if (pattern !== undefined && pattern !== null) report(patternMember, 'must be a string');
  else if (exact !== undefined && exact !== null) report(side, 'must be a string');
  else if (!isGiven(side) && !isGiven(patternMember)) {
    report(side, `is required, or \`${patternMember}\`: without it, any signer would be trusted`);
  }
}

function claimSubject(name: string): PatternSubject {
  return URL_CLAIMS.includes(name as ClaimName) ? 'identity' : 'claim';
}

function checkClaims(
  given: unknown,
  member: 'claims' | 'claimPatterns',
  exact: unknown,
  report: Report,
): void {
  if (given === undefined || given === null) return;
  if (typeof given !== 'object' || Array.isArray(given)) {
    report(member, 'must be an object');
    return;
  }
  const others = typeof exact === 'object' && exact !== null ? exact : {};
  for (const [name, value] of Object.entries(given) as readonly [string, unknown][]) {
    if (value === undefined || value === null) continue;
    const property = `${member}.${name}`;
    if (!CLAIM_NAMES.includes(name as ClaimName)) report(property, unknownName(name, CLAIM_NAMES));
    else if (typeof value !== 'string') report(property, 'must be a string');
    else if (member === 'claims') {
      if (value === '') report(property, 'is empty: leave it out to accept any value');
    } else {
      const isTwofold = Object.hasOwn(others, name) && others[name as never] !== undefined;
      const fault = isTwofold
        ? `cannot be combined with \`claims.${name}\`: set one of the two`
        : patternFault(value, claimSubject(name));
      if (fault !== undefined) report(property, fault);
    }
  }
}

/**
 * Validates a trusted identity. Programs in JavaScript may give values of other types.
 *
 * @param isGiven - whether a member has a value; by default, whether it is not undefined
 * @returns all problems, each on its member below `property`
 */
export function identityProblems(
  trusted: TrustedIdentity,
  property: string,
  isGiven: IsGiven = (member) => trusted[member] !== undefined && trusted[member] !== null,
): readonly Problem[] {
  const problems: Problem[] = [];
  const report: Report = (member, message) =>
    void problems.push({ property: `${property}.${member}`, code: 'INPUT_INVALID', message });
  checkSide(trusted, 'identity', isGiven, report);
  checkSide(trusted, 'issuer', isGiven, report);
  checkClaims(trusted.claims, 'claims', undefined, report);
  checkClaims(trusted.claimPatterns, 'claimPatterns', trusted.claims, report);
  return problems;
}

/** The declared claims in a list; those without a value are left out. */
export function claimEntries(
  claims: CertificateClaims | undefined | null,
): readonly (readonly [ClaimName, string])[] {
  return Object.entries(claims ?? {}).flatMap(([name, value]): [ClaimName, string][] =>
    typeof value === 'string' ? [[name as ClaimName, value]] : [],
  );
}
