import { type KeyObject, X509Certificate, createHash, createPublicKey } from 'node:crypto';

import { PublicKeyDetails } from '@sigstore/protobuf-specs';
import { HashedRekordRequestV002 } from '@sigstore/protobuf-specs/rekor/v2';
import type { SignatureBundle } from '@sigstore/sign';
import canonicalize from 'canonicalize';

import { SignedImageError } from '../error';

/** Type of a statement's envelope: https://github.com/secure-systems-lab/dsse/blob/master/protocol.md */
function preAuthEncoding(type: string, payload: Buffer): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.length} `;
  return Buffer.concat([Buffer.from(head, 'utf8'), payload]);
}

/** Returns the digest of the signed data: of the envelope's encoding, or of the artifact. */
function signedDigest(content: SignatureBundle): Buffer {
  if (content.$case === 'messageSignature') {
    return content.messageSignature.messageDigest?.digest ?? Buffer.alloc(0);
  }
  const { payloadType, payload } = content.dsseEnvelope;
  return createHash('sha256').update(preAuthEncoding(payloadType, payload)).digest();
}

function signatureOf(content: SignatureBundle): Buffer {
  return content.$case === 'dsseEnvelope'
    ? (content.dsseEnvelope.signatures[0]?.sig ?? Buffer.alloc(0))
    : content.messageSignature.signature;
}

const KEYS: Readonly<Record<string, PublicKeyDetails>> = {
  'ec prime256v1': PublicKeyDetails.PKIX_ECDSA_P256_SHA_256,
  'rsa 2048': PublicKeyDetails.PKIX_RSA_PKCS1V15_2048_SHA256,
  'rsa 3072': PublicKeyDetails.PKIX_RSA_PKCS1V15_3072_SHA256,
  'rsa 4096': PublicKeyDetails.PKIX_RSA_PKCS1V15_4096_SHA256,
};

/** All our signatures are over SHA-256; the log derives the hash from the key details in the request. */
function keyDetailsOf(key: KeyObject): PublicKeyDetails {
  const { namedCurve, modulusLength } = key.asymmetricKeyDetails ?? {};
  const name = `${key.asymmetricKeyType ?? key.type} ${namedCurve ?? modulusLength ?? ''}`;
  const details = KEYS[name];
  if (details !== undefined) return details;
  throw new SignedImageError({
    code: 'KEY_UNSUPPORTED',
    message: `a Rekor v2 log takes no signatures of this kind of key (${name.trim()}); use ECDSA P-256 or RSA`,
  });
}

function verifierOf(pem: string) {
  if (pem.includes('BEGIN CERTIFICATE')) {
    const { raw, publicKey } = new X509Certificate(pem);
    return {
      keyDetails: keyDetailsOf(publicKey),
      verifier: { $case: 'x509Certificate' as const, x509Certificate: { rawBytes: raw } },
    };
  }
  const key = createPublicKey(pem);
  const rawBytes = key.export({ format: 'der', type: 'spki' });
  return {
    keyDetails: keyDetailsOf(key),
    verifier: { $case: 'publicKey' as const, publicKey: { rawBytes } },
  };
}

/** A request to Rekor v2, and the entry that it must write for it. */
export interface RekorV2Entry {
  /** JSON of the request. */
  readonly request: unknown;
  /** The leaf: canonical JSON. */
  readonly body: Buffer;
}

/**
 * Creates the one type of entry that Rekor v2 accepts; a DSSE envelope is sent as the digest of its encoding.
 * https://github.com/sigstore/rekor-tiles/blob/v2.2.0/CLIENTS.md#dsse--signed-attestations
 *
 * @param verifier PEM of the public key or the certificate
 * @throws SignedImageError `KEY_UNSUPPORTED`
 */
export function rekorV2Entry(content: SignatureBundle, verifier: string): RekorV2Entry {
  const digest = signedDigest(content);
  const signature = { content: signatureOf(content), verifier: verifierOf(verifier) };
  const json = HashedRekordRequestV002.toJSON({ digest, signature }) as {
    readonly digest: string;
    readonly signature: unknown;
  };
  const body = {
    apiVersion: '0.0.2',
    kind: 'hashedrekord',
    spec: {
      hashedRekordV002: {
        data: { algorithm: 'SHA2_256', digest: json.digest },
        signature: json.signature,
      },
    },
  };
  return {
    request: { hashedRekordRequestV002: json },
    body: Buffer.from(canonicalize(body) ?? '', 'utf8'),
  };
}
