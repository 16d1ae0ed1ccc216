import { type KeyObject, createHash, generateKeyPairSync } from 'node:crypto';

import {
  type CertificateAuthority,
  createCertificateAuthority,
} from '../../../dev/sigstore/certificate-authority';
import { canonicalJson } from '../../../dev/sigstore/rekor-entry';

/** A key or a certificate, as it is in log entries. */
export interface LoggedSigner {
  readonly der: Buffer;
  readonly label: 'PUBLIC KEY' | 'CERTIFICATE';
}

export interface Identity {
  readonly identity: string;
  readonly issuer: string;
}

export const OURS: Identity = {
  identity: 'https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main',
  issuer: 'https://token.actions.githubusercontent.com',
};

export const OUR_EMAIL: Identity = {
  identity: 'release@acme.example',
  issuer: 'https://accounts.example',
};

/** Fulcio's extension for the issuer: https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md */
const ISSUER_V2 = '1.3.6.1.4.1.57264.1.8';

export const newKeyPair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });

export function keySigner(publicKey: KeyObject): LoggedSigner {
  return { der: publicKey.export({ type: 'spki', format: 'der' }), label: 'PUBLIC KEY' };
}

export async function certificateSigner(
  authority: CertificateAuthority,
  { identity, issuer }: Identity,
  publicKey: KeyObject = newKeyPair().publicKey,
): Promise<LoggedSigner> {
  const der = await authority.issue({
    publicKey,
    identity,
    extensions: [{ oid: ISSUER_V2, value: issuer }],
    lifetimeMinutes: 10,
    sct: true,
  });
  return { der, label: 'CERTIFICATE' };
}

/** Signers of other projects. */
export async function otherSigners(authority: CertificateAuthority): Promise<LoggedSigner[]> {
  const names = Array.from({ length: 24 }, (_, index) => index);
  return Promise.all(
    names.map((index) =>
      index % 4 === 0
        ? keySigner(newKeyPair().publicKey)
        : certificateSigner(authority, {
            identity: `https://github.com/other${index}/app/.github/workflows/release.yml@refs/heads/main`,
            issuer: OURS.issuer,
          }),
    ),
  );
}

export { createCertificateAuthority };

function pemOf({ der, label }: LoggedSigner): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
/** The log verifies signatures, and an audit does not read them. */
const signatureOf = (content: string): string =>
  Buffer.concat([hash(`${content} signature`), hash(`${content} more`)]).toString('base64');

/** The body of an entry of Rekor v2: https://github.com/sigstore/rekor-tiles/tree/v2.3.0/api/proto/rekor/v2 */
export function v2Body(
  content: string,
  signer: LoggedSigner,
  kind: 'hashedrekord' | 'dsse' = 'hashedrekord',
): Buffer {
  const rawBytes = signer.der.toString('base64');
  const verifier = {
    keyDetails: 'PKIX_ECDSA_P256_SHA_256',
    ...(signer.label === 'CERTIFICATE'
      ? { x509Certificate: { rawBytes } }
      : { publicKey: { rawBytes } }),
  };
  const digest = hash(content).toString('base64');
  const signature = { content: signatureOf(content), verifier };
  const spec =
    kind === 'hashedrekord'
      ? { hashedRekordV002: { data: { algorithm: 'SHA2_256', digest }, signature } }
      : { dsseV002: { payloadHash: { algorithm: 'SHA2_256', digest }, signatures: [signature] } };
  return canonicalJson({ apiVersion: '0.0.2', kind, spec });
}

/** The kinds of Rekor v1: https://github.com/sigstore/rekor/tree/v1.5.3/pkg/types */
export type V1Kind = 'hashedrekord' | 'dsse' | 'intoto' | 'intoto-0.0.1' | 'rekord';

export function v1Body(content: string, signer: LoggedSigner, kind: V1Kind): Buffer {
  const pem = base64(pemOf(signer));
  const value = hash(content).toString('hex');
  const payloadHash = { algorithm: 'sha256', value };
  const envelopeHash = { algorithm: 'sha256', value: hash(`${content} envelope`).toString('hex') };
  const signature = signatureOf(content);
  switch (kind) {
    case 'hashedrekord':
    case 'rekord':
      return canonicalJson({
        apiVersion: '0.0.1',
        kind,
        spec: {
          data: { hash: payloadHash },
          signature: { content: signature, publicKey: { content: pem } },
        },
      });
    case 'dsse':
      return canonicalJson({
        apiVersion: '0.0.1',
        kind,
        spec: { envelopeHash, payloadHash, signatures: [{ signature, verifier: pem }] },
      });
    case 'intoto-0.0.1':
      return canonicalJson({
        apiVersion: '0.0.1',
        kind: 'intoto',
        spec: { content: { hash: envelopeHash, payloadHash }, publicKey: pem },
      });
    case 'intoto':
      return canonicalJson({
        apiVersion: '0.0.2',
        kind,
        spec: {
          content: {
            envelope: {
              payloadType: 'application/vnd.in-toto+json',
              signatures: [{ publicKey: pem, sig: base64(signature) }],
            },
            hash: envelopeHash,
            payloadHash,
          },
        },
      });
  }
}

/** SHA-256 of a content, as an entry has it. */
export const digestOf = (content: string): string => hash(content).toString('hex');
