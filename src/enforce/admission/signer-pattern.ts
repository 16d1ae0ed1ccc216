import type { Problem } from '../../error';
import type { CertificateClaims } from '../../verify/certificate-claims';
import { anchored, literalPattern } from '../../verify/identity-pattern';
import { claimEntries } from '../../verify/trusted-identity';

/**
 * Values of extensions that Fulcio writes into a certificate: claims of the CI job that signed.
 * https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md
 */
export interface PolicyClaims {
  /** Build Signer URI (1.9): the workflow that signed, which may be a reusable one. */
  readonly buildSignerUri?: string;
  /** Build Signer Digest (1.10): commit of that workflow. */
  readonly buildSignerDigest?: string;
  /** Runner Environment (1.11), for example `github-hosted` or `self-hosted`. */
  readonly runnerEnvironment?: string;
  /** Source Repository URI (1.12), for example `https://github.com/acme/app`. */
  readonly sourceRepository?: string;
  /** Source Repository Digest (1.13): the commit. */
  readonly sourceDigest?: string;
  /** Source Repository Ref (1.14), for example `refs/heads/main` or `refs/tags/v1.2.0`. */
  readonly sourceRef?: string;
  /** Source Repository Identifier (1.15), which stays when the repository is renamed. */
  readonly sourceRepositoryId?: string;
  /** Source Repository Owner URI (1.16), for example `https://github.com/acme`. */
  readonly sourceRepositoryOwner?: string;
  /** Source Repository Owner Identifier (1.17). */
  readonly sourceRepositoryOwnerId?: string;
  /** Build Config URI (1.18): the workflow that started the build. */
  readonly buildConfigUri?: string;
  /** Build Config Digest (1.19): commit of that workflow. */
  readonly buildConfigDigest?: string;
  /** Build Trigger (1.20): the event, for example `push` or `workflow_dispatch`. */
  readonly buildTrigger?: string;
  /** Run Invocation URI (1.21): one run. */
  readonly runInvocationUri?: string;
  /** Source Repository Visibility At Signing (1.22): `public`, `private` or `internal`. */
  readonly sourceRepositoryVisibility?: string;
  /** Deployment Environment (1.23), for example `production`. */
  readonly deploymentEnvironment?: string;
  /** GitHub Workflow Trigger (1.2), deprecated by Fulcio, as `cosign verify --certificate-github-workflow-trigger`. */
  readonly githubWorkflowTrigger?: string;
  /** GitHub Workflow SHA (1.3), deprecated by Fulcio. */
  readonly githubWorkflowSha?: string;
  /** GitHub Workflow Name (1.4), deprecated by Fulcio. */
  readonly githubWorkflowName?: string;
  /** GitHub Workflow Repository (1.5), deprecated by Fulcio, for example `acme/app`. */
  readonly githubWorkflowRepository?: string;
  /** GitHub Workflow Ref (1.6), deprecated by Fulcio. */
  readonly githubWorkflowRef?: string;
}

/**
 * A keyless signer, as in `VerifiedImage.identities`: the subject of the certificate and the OIDC issuer, each either
 * exactly or by a pattern, and claims that the certificate must have. A pattern is a regular expression (RE2) that the
 * whole text must match.
 */
export interface PolicyIdentity {
  /** The certificate's subject, exactly: a URI or an e-mail address. */
  readonly identity?: string;
  /** Regular expression that the whole subject must match. */
  readonly identityPattern?: string;
  /** The OIDC issuer, exactly. */
  readonly issuer?: string;
  /** Regular expression that the whole issuer must match. */
  readonly issuerPattern?: string;
  /** Values that the extensions of the certificate must have, exactly. An engine that does not compare them is an error. */
  readonly claims?: PolicyClaims;
  /** Patterns for the values of the extensions of the certificate. An engine that does not compare them is an error. */
  readonly claimPatterns?: PolicyClaims;
}

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
