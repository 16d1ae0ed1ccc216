import { createHash } from 'node:crypto';

import { json } from '@sigstore/core';

import { SignedImageError } from '../error';
import { parseBoundedJson } from '../http/json-bounds';

type Claims = Readonly<Record<string, unknown>>;

function unreadable(): SignedImageError {
  return new SignedImageError({
    code: 'IDENTITY_TOKEN_INVALID',
    property: 'keyless',
    message:
      'the identity token cannot be read: it needs a subject, or an e-mail address that its issuer verified',
  });
}

function claimsOf(token: string): Claims {
  try {
    const claims = parseBoundedJson(Buffer.from(token.split('.')[1] ?? '', 'base64url'));
    if (typeof claims === 'object' && claims !== null) return claims as Claims;
  } catch {
    // Reported below. The parser's error would quote the token.
  }
  throw unreadable();
}

/**
 * Returns the challenge that is signed as proof of possession of the key: the verified e-mail
 * address, else the subject. https://github.com/sigstore/fulcio/blob/main/docs/how-certificate-issuing-works.md
 *
 * @throws SignedImageError `IDENTITY_TOKEN_INVALID`
 */
export function challengeOf(token: string): string {
  const { email, email_verified: verified, sub } = claimsOf(token);
  const challenge = email ? verified && email : sub;
  if (typeof challenge === 'string' && challenge !== '') return challenge;
  throw unreadable();
}

/**
 * Claims about the time and the id of a token, which do not describe the identity.
 * https://www.rfc-editor.org/rfc/rfc7519#section-4.1
 */
const PER_TOKEN_CLAIMS = ['exp', 'nbf', 'iat', 'jti'];

/**
 * Returns what a certificate for this token is bound to (docs/explanation/adr/0008): its authority, and every
 * claim that may become part of it. Certificates for two tokens with the same binding differ only in
 * key, serial number and time.
 *
 * @returns hex of a hash, so that no claim is kept
 * @throws SignedImageError `IDENTITY_TOKEN_INVALID`
 */
export function certificateBinding(authority: readonly string[], token: string): string {
  const stable = Object.entries(claimsOf(token)).filter(
    ([name]) => !PER_TOKEN_CLAIMS.includes(name),
  );
  const text = json.canonicalize([authority, Object.fromEntries(stable)]);
  return createHash('sha256').update(text).digest('hex');
}
