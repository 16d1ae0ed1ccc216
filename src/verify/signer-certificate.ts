import { X509Certificate as NodeCertificate } from 'node:crypto';

import { type ASN1Obj, X509Certificate } from '@sigstore/core';

import type { TrustedIdentity } from './policy';

// https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md
const ISSUER_V1 = '1.3.6.1.4.1.57264.1.1';
const ISSUER_V2 = '1.3.6.1.4.1.57264.1.8';
const USER_NAME = '1.3.6.1.4.1.57264.1.7';
const SUBJECT_ALT_NAME = '2.5.29.17';
const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';

/** GeneralName: https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.6 */
const OTHER_NAME = 0;
const EMAIL = 1;
const URI = 6;

/**
 * Strict, because the identity is compared with one that is trusted: the library's own reading
 * drops the high bit of every byte, so that two names could be read as one.
 */
function text(bytes: Buffer, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Error(`the ${what} in the certificate is no UTF-8`);
  }
}

function ascii(bytes: Buffer): string {
  if (bytes.some((byte) => byte > 0x7f)) throw new Error('the name in the certificate is no ASCII');
  return bytes.toString('latin1');
}

function generalName(name: ASN1Obj): string {
  if (name.tag.isContextSpecific(URI) || name.tag.isContextSpecific(EMAIL)) {
    return ascii(name.value);
  }
  const [type, value] = name.subs;
  const inner = value?.subs[0];
  if (name.tag.isContextSpecific(OTHER_NAME) && type?.toOID() === USER_NAME && inner) {
    return text(inner.value, 'user name');
  }
  throw new Error('the certificate names its subject in a way that is not known');
}

function identityOf(certificate: X509Certificate): string {
  const names = certificate.extension(SUBJECT_ALT_NAME)?.valueObj.subs[0]?.subs ?? [];
  const [name] = names;
  if (!name || names.length > 1)
    throw new Error('the certificate does not name exactly one signer');
  return generalName(name);
}

function issuerOf(certificate: X509Certificate): string {
  const current = certificate.extension(ISSUER_V2)?.valueObj.subs[0]?.value;
  const older = certificate.extension(ISSUER_V1)?.value;
  const issuer = current ?? older;
  if (!issuer) throw new Error('the certificate names no OIDC issuer');
  if (current && older && !current.equals(older)) {
    throw new Error('the certificate names two OIDC issuers');
  }
  return text(issuer, 'issuer');
}

/**
 * Who a Fulcio certificate is for, and that it is one to sign with. Says nothing about who made it.
 *
 * @throws Error that says what is wrong with it
 */
export function readSignerCertificate(der: Buffer): TrustedIdentity {
  const certificate = X509Certificate.parse(Buffer.from(der));
  const node = new NodeCertificate(der);
  if (node.ca) throw new Error('the certificate is one of an authority');
  // The library checks the chain, and not what the leaf may be used for.
  if (!node.keyUsage?.includes(CODE_SIGNING)) {
    throw new Error('the certificate is not for code signing');
  }
  return { identity: identityOf(certificate), issuer: issuerOf(certificate) };
}
