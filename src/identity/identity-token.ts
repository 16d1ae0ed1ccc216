import type { IdentityClaims } from './certificate-subject';
import { SignedImageError } from '../error';
import { parseBoundedJson } from '../http/json-bounds';
import { certificateSubject } from './certificate-subject';

/** An OIDC identity token. Fulcio verifies its signature; only its claims are used here. */
export interface IdentityToken {
  /** The token itself: a secret. Not enumerable, so that it is not printed or stored by accident. */
  readonly raw: string;
  readonly claims: IdentityClaims;
  /**
   * The expected subject alternative name of the certificate. Fulcio's configuration of the issuer
   * determines the actual one: the certificate is authoritative.
   */
  readonly identity: string;
  /** The issuer that the certificate will name. */
  readonly issuer: string;
}

export interface TokenExpectation {
  /** Default: `sigstore`. */
  readonly audience?: string | undefined;
  /** The required issuer: the token's own issuer, or the one that it federates. Default: any issuer. */
  readonly issuer?: string | undefined;
  /** Whether it was issued just now: if it has expired nevertheless, a clock is wrong. Default: false. */
  readonly fresh?: boolean;
  /** How to set the audience of its source; part of the error for a wrong audience. */
  readonly audienceAdvice?: string | undefined;
  readonly now: () => Date;
}

export const DEFAULT_AUDIENCE = 'sigstore';

/** Clocks differ: a token that becomes valid within this time is accepted. */
const CLOCK_SKEW_SECONDS = 60;
/** In characters. Fulcio rejects longer tokens anyway, and they are not parsed. */
const MAX_TOKEN_LENGTH = 64 * 1024;
const TOKEN = /^[A-Za-z0-9_-]+\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+$/;

function invalid(message: string): SignedImageError {
  return new SignedImageError({ code: 'IDENTITY_TOKEN_INVALID', message });
}

function decodeClaims(raw: string): Readonly<Record<string, unknown>> {
  const payload = raw.length <= MAX_TOKEN_LENGTH ? TOKEN.exec(raw)?.[1] : undefined;
  if (payload === undefined) {
    throw invalid('the identity token is malformed: it must be a JSON web token of three parts');
  }
  try {
    const claims: unknown = parseBoundedJson(Buffer.from(payload, 'base64url'));
    if (typeof claims === 'object' && claims !== null && !Array.isArray(claims)) {
      return claims as Record<string, unknown>;
    }
  } catch {
    // Falls through: a JSON error would quote the token.
  }
  throw invalid('the identity token is malformed: its second part is not a JSON object');
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

function checkTimes({ exp, nbf }: IdentityClaims, { now, fresh }: TokenExpectation): void {
  const seconds = now().getTime() / 1000;
  if (exp <= seconds) {
    throw invalid(
      fresh === true
        ? "the identity token was issued just now and has expired by this machine's clock; check the clock"
        : 'the identity token has expired; request a new one just before signing',
    );
  }
  if (typeof nbf === 'number' && nbf > seconds + CLOCK_SKEW_SECONDS) {
    throw invalid("the identity token is not valid yet; check this machine's clock");
  }
}

function checkAudience({ aud }: IdentityClaims, expected: TokenExpectation): void {
  const {
    audience = DEFAULT_AUDIENCE,
    audienceAdvice = 'request one with this audience, or set keyless.clientId to the audience that your Fulcio expects',
  } = expected;
  if ([aud].flat().includes(audience)) return;
  throw invalid(`the audience of the identity token is not "${audience}"; ${audienceAdvice}`);
}

function checkIssuer(claims: IdentityClaims, issuer: string | undefined): void {
  if (issuer === undefined || issuer === claims.iss || issuer === issuerOf(claims)) return;
  throw new SignedImageError({
    code: 'IDENTITY_TOKEN_INVALID',
    property: 'keyless.issuer',
    message: `the identity token was issued by ${issuerOf(claims)}, not by ${issuer}`,
  });
}

function checkEmail({ email, email_verified: verified }: IdentityClaims): void {
  if (!email || verified === true || verified === 'true') return;
  throw invalid(
    'the e-mail address in the identity token is not verified by its issuer; Fulcio accepts only verified addresses',
  );
}

/** Dex (the public instance's browser login) returns the original issuer in `federated_claims`. */
function issuerOf({ iss, federated_claims: federated }: IdentityClaims): string {
  const connector = (federated as { connector_id?: unknown } | null | undefined)?.connector_id;
  return typeof connector === 'string' && connector.startsWith('https://') ? connector : iss;
}

/**
 * Parses an identity token, and rejects one that Fulcio would reject.
 *
 * @throws SignedImageError `IDENTITY_TOKEN_INVALID`: malformed, expired, not valid yet, for another
 *   audience, by another issuer, or with an unverified e-mail address. The error never contains any
 *   part of the token except its issuer.
 */
export function parseIdentityToken(raw: string, expected: TokenExpectation): IdentityToken {
  const trimmed = raw.trim();
  const claims = decodeClaims(trimmed);
  if (!hasMembers(claims)) {
    throw invalid(
      'the identity token lacks one of the claims iss, sub, aud and exp, or one has the wrong type',
    );
  }
  checkTimes(claims, expected);
  checkAudience(claims, expected);
  checkIssuer(claims, expected.issuer);
  checkEmail(claims);
  const token = { claims, identity: certificateSubject(claims), issuer: issuerOf(claims) };
  return Object.defineProperty(token, 'raw', {
    value: trimmed,
    enumerable: false,
  }) as IdentityToken;
}
