import { SignedImageError } from '../../error';

/** The claims that are looked at; a token may have more. */
export interface IdentityClaims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: string | readonly string[];
  readonly exp: number;
  readonly nbf?: number;
  readonly iat?: number;
  readonly email?: string;
  readonly email_verified?: boolean | string;
  readonly [claim: string]: unknown;
}

/** An OIDC identity token. Its signature is Fulcio's to check; we read what it says. */
export interface IdentityToken {
  /** The token itself: a secret. Not enumerable, so that it is not printed or stored by accident. */
  readonly raw: string;
  readonly claims: IdentityClaims;
  /**
   * What Fulcio will put in the certificate's subject alternative name, as far as can be told from
   * here: that depends on how Fulcio is set up for the issuer. The certificate has the last word.
   */
  readonly identity: string;
  /** The issuer that the certificate will name. */
  readonly issuer: string;
}

export interface TokenExpectation {
  /** Default: `sigstore`. */
  readonly audience?: string | undefined;
  readonly now: () => Date;
}

export const DEFAULT_AUDIENCE = 'sigstore';

/** Clocks differ: a token that becomes valid within this time is taken. */
const CLOCK_SKEW_SECONDS = 60;
/** Fulcio refuses longer ones anyway; nothing this large is parsed. */
const LONGEST_TOKEN = 64 * 1024;
const TOKEN = /^[A-Za-z0-9_-]+\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+$/;

function invalid(message: string): SignedImageError {
  return new SignedImageError({ code: 'IDENTITY_TOKEN_INVALID', message });
}

function decodeClaims(raw: string): Readonly<Record<string, unknown>> {
  const payload = raw.length <= LONGEST_TOKEN ? TOKEN.exec(raw)?.[1] : undefined;
  if (payload === undefined) {
    throw invalid('the identity token is malformed: it must be a JSON web token of three parts');
  }
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    if (typeof claims === 'object' && claims !== null && !Array.isArray(claims)) {
      return claims as Record<string, unknown>;
    }
  } catch {
    // Falls through: a JSON error would quote the token.
  }
  throw invalid('the identity token is malformed: its second part is no JSON object');
}

function hasMembers(claims: Readonly<Record<string, unknown>>): claims is IdentityClaims {
  const { iss, sub, aud, exp, email } = claims;
  const audience =
    typeof aud === 'string' || (Array.isArray(aud) && aud.every((a) => typeof a === 'string'));
  return (
    typeof iss === 'string' &&
    iss !== '' &&
    typeof sub === 'string' &&
    sub !== '' &&
    audience &&
    typeof exp === 'number' &&
    (email === undefined || typeof email === 'string')
  );
}

function checkTimes({ exp, nbf }: IdentityClaims, now: Date): void {
  const seconds = now.getTime() / 1000;
  if (exp <= seconds) {
    throw invalid('the identity token has expired; ask for a new one just before signing');
  }
  if (typeof nbf === 'number' && nbf > seconds + CLOCK_SKEW_SECONDS) {
    throw invalid("the identity token is not valid yet; check this machine's clock");
  }
}

function checkAudience({ aud }: IdentityClaims, audience: string): void {
  if ([aud].flat().includes(audience)) return;
  throw invalid(
    `the identity token was made for another audience than "${audience}"; ` +
      'ask for one with this audience, or set keyless.clientId to the audience that your Fulcio expects',
  );
}

function checkEmail({ email, email_verified: verified }: IdentityClaims): void {
  if (!email || verified === true || verified === 'true') return;
  throw invalid(
    'the e-mail address in the identity token is not verified by its issuer; Fulcio takes verified ones only',
  );
}

/** Fulcio's rules for the issuers of the public instance (its `config/identity`), then the general one. */
const SUBJECTS: readonly ((claims: IdentityClaims) => string | undefined)[] = [
  ({ email }) => email || undefined,
  ({ repository, job_workflow_ref: ref }) =>
    typeof ref === 'string' && typeof repository === 'string'
      ? `https://github.com/${ref}`
      : undefined,
  ({ iss, ci_config_ref_uri: ref }) =>
    typeof ref === 'string' && iss === 'https://gitlab.com' ? `https://${ref}` : undefined,
  ({ iss, organization_slug: organization, pipeline_slug: pipeline }) =>
    iss === 'https://agent.buildkite.com' &&
    typeof organization === 'string' &&
    typeof pipeline === 'string'
      ? `https://buildkite.com/${organization}/${pipeline}`
      : undefined,
];

function subjectOf(claims: IdentityClaims): string {
  for (const rule of SUBJECTS) {
    const subject = rule(claims);
    if (subject !== undefined) return subject;
  }
  return claims.sub;
}

/** Dex (the public instance's browser login) names the real issuer in `federated_claims`. */
function issuerOf({ iss, federated_claims: federated }: IdentityClaims): string {
  const connector = (federated as { connector_id?: unknown } | null | undefined)?.connector_id;
  return typeof connector === 'string' && connector.startsWith('https://') ? connector : iss;
}

/**
 * Reads an identity token and refuses one that Fulcio would refuse.
 *
 * @throws SignedImageError `IDENTITY_TOKEN_INVALID`: malformed, expired, not valid yet, for another
 *   audience, or with an unverified e-mail address. No part of the token is ever in the error.
 */
export function parseIdentityToken(
  raw: string,
  { audience = DEFAULT_AUDIENCE, now }: TokenExpectation,
): IdentityToken {
  const trimmed = raw.trim();
  const claims = decodeClaims(trimmed);
  if (!hasMembers(claims)) {
    throw invalid(
      'the identity token lacks one of the claims iss, sub, aud and exp, or one has the wrong type',
    );
  }
  checkTimes(claims, now());
  checkAudience(claims, audience);
  checkEmail(claims);
  const token = { claims, identity: subjectOf(claims), issuer: issuerOf(claims) };
  return Object.defineProperty(token, 'raw', {
    value: trimmed,
    enumerable: false,
  }) as IdentityToken;
}
