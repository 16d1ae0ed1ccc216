import { createHash } from 'node:crypto';

import canonicalize from 'canonicalize';

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
    // Said below. The parser's error would quote the token.
  }
  throw unreadable();
}

/**
 * What is signed to show that the key is the caller's: the verified e-mail address, else the
 * subject. https://github.com/sigstore/fulcio/blob/main/docs/how-certificate-issuing-works.md
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
 * Claims that say when a token was made and which one it is, and nothing of whom it is for.
 * https://www.rfc-editor.org/rfc/rfc7519#section-4.1
 */
const OF_ONE_TOKEN = ['exp', 'nbf', 'iat', 'jti'];

/**
 * What a certificate for this token is bound to (docs/adr/0008): who issues it, and every claim
 * that may go into it. Two tokens with the same binding get certificates that differ in nothing
 * but key, number and time.
 *
 * @returns hex of a hash, so that no claim is kept
 * @throws SignedImageError `IDENTITY_TOKEN_INVALID`
 */
export function certificateBinding(authority: readonly string[], token: string): string {
  const lasting = Object.entries(claimsOf(token)).filter(([name]) => !OF_ONE_TOKEN.includes(name));
  const text = canonicalize([authority, Object.fromEntries(lasting)]) ?? '';
  return createHash('sha256').update(text).digest('hex');
}
