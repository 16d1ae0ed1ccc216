import { X509Certificate as NodeCertificate } from 'node:crypto';

import { type ASN1Obj, X509Certificate } from '@sigstore/core';

import type { CertificateIdentity } from '../sigstore/certificate-identity';

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
 * Strict, because the identity is compared with a trusted one: the library's own parser drops the
 * high bit of every byte, so that two different names could be equal.
 */
function text(bytes: Buffer, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Error(`the ${name} in the certificate is not UTF-8`);
  }
}

function ascii(bytes: Buffer): string {
  if (bytes.some((byte) => byte > 0x7f))
    throw new Error('the name in the certificate is not ASCII');
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
  throw new Error('the certificate has a subject alternative name of an unsupported type');
}

function identityOf(certificate: X509Certificate): string {
  const names = certificate.extension(SUBJECT_ALT_NAME)?.valueObj.subs[0]?.subs ?? [];
  const [name] = names;
  if (!name || names.length > 1)
    throw new Error('the certificate does not have exactly one subject alternative name');
  return generalName(name);
}

function issuerOf(certificate: X509Certificate): string {
  const current = certificate.extension(ISSUER_V2)?.valueObj.subs[0]?.value;
  const older = certificate.extension(ISSUER_V1)?.value;
  const issuer = current ?? older;
  if (!issuer) throw new Error('the certificate does not contain an OIDC issuer');
  if (current && older && !current.equals(older)) {
    throw new Error('the certificate contains two different OIDC issuers');
  }
  return text(issuer, 'issuer');
}

/**
 * Reads the identity of a Fulcio certificate, and checks that it is a signing certificate. Its issuer
 * is not verified.
 *
 * @throws Error if the certificate is not valid for signing
 */
export function readSignerCertificate(der: Buffer): CertificateIdentity {
  const certificate = X509Certificate.parse(Buffer.from(der));
  const node = new NodeCertificate(der);
  if (node.ca) throw new Error('the certificate is a CA certificate');
  // The library verifies the chain, but not the extended key usage of the leaf.
  if (!node.keyUsage?.includes(CODE_SIGNING)) {
    throw new Error('the certificate is not for code signing');
  }
  return { identity: identityOf(certificate), issuer: issuerOf(certificate) };
}
