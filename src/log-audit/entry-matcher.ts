import { X509Certificate, createPublicKey } from 'node:crypto';

import type { TrustedRoot } from '@sigstore/protobuf-specs';

import type { PublicKey } from '../key/public-key';
import { certificateIdentity } from '../sigstore/certificate-identity';
import type { TrustedIdentity } from '../verify';
import { type EntryContent, parseCertificate } from './entry-signers';

/** The keys and identities whose entries are searched for. */
export interface AuditedSigners {
  readonly keys: readonly PublicKey[];
  /** Both must match exactly. */
  readonly identities: readonly TrustedIdentity[];
}

/** The signer of a matching entry. */
export type EntrySigner =
  | { readonly kind: 'key'; readonly keyId: string }
  | {
      readonly kind: 'keyless';
      readonly identity: string;
      readonly issuer: string;
      /**
       * Whether a certificate authority of the trusted root issued the certificate. An entry with another
       * certificate was made by someone who can only write the identity into a certificate of their own.
       */
      readonly isCertificateTrusted: boolean;
    };

export interface EntryMatch {
  readonly signer: EntrySigner;
  /** DER. */
  readonly verifier: Buffer;
}

interface Wanted {
  readonly identity: TrustedIdentity;
  /** As in the certificate's subject alternative name. */
  readonly bytes: Buffer;
}

/** Matches entries by key and identity. */
export class EntryMatcher {
  readonly #keys: readonly PublicKey[];
  readonly #wanted: readonly Wanted[];
  readonly #authorities: readonly X509Certificate[];

  constructor({ keys, identities }: AuditedSigners, root: TrustedRoot | undefined) {
    this.#keys = keys;
    this.#wanted = identities.map((identity) => ({
      identity,
      bytes: Buffer.from(identity.identity, 'utf8'),
    }));
    const authorities = root?.certificateAuthorities ?? [];
    this.#authorities = authorities.flatMap(({ certChain }) =>
      (certChain?.certificates ?? []).map(({ rawBytes }) => new X509Certificate(rawBytes)),
    );
  }

  /** Returns the first of our signers in an entry, and the key or certificate that it was found in. */
  match({ verifiers }: EntryContent): EntryMatch | undefined {
    for (const verifier of verifiers) {
      const signer = this.#keyOf(verifier) ?? this.#identityOf(verifier);
      if (signer) return { signer, verifier };
    }
    return undefined;
  }

  /** A certificate contains the bytes of its key, and our key may be in a certificate of someone else's. */
  #keyOf(verifier: Buffer): EntrySigner | undefined {
    const key = this.#keys.find(({ spki }) => verifier.includes(spki));
    if (key) return { kind: 'key', keyId: key.keyId };
    return this.#keys.length === 0 ? undefined : this.#pkcs1KeyOf(verifier);
  }

  /** An RSA key may be logged as PKCS#1. */
  #pkcs1KeyOf(verifier: Buffer): EntrySigner | undefined {
    const isRsa = this.#keys.some(({ algorithm }) => algorithm.startsWith('rsa'));
    if (!isRsa) return undefined;
    try {
      const logged = createPublicKey({ key: verifier, format: 'der', type: 'pkcs1' });
      const spki = logged.export({ format: 'der', type: 'spki' });
      const key = this.#keys.find((each) => each.spki.equals(spki));
      return key && { kind: 'key', keyId: key.keyId };
    } catch {
      return undefined;
    }
  }

  /**
   * Parsing a certificate takes most of the time of an entry, so the identity's bytes, which a certificate
   * of this identity contains as they are, are searched for first.
   */
  #identityOf(verifier: Buffer): EntrySigner | undefined {
    const isCandidate = this.#wanted.some(({ bytes }) => verifier.includes(bytes));
    const certificate = isCandidate ? parseCertificate(verifier) : undefined;
    if (!certificate) return undefined;
    const found = identityIn(certificate);
    const wanted = this.#wanted.find(
      ({ identity }) => identity.identity === found?.identity && identity.issuer === found.issuer,
    );
    if (!wanted) return undefined;
    const { identity, issuer } = wanted.identity;
    const isCertificateTrusted = this.#authorities.some(
      (authority) => certificate.checkIssued(authority) && certificate.verify(authority.publicKey),
    );
    return { kind: 'keyless', identity, issuer, isCertificateTrusted };
  }
}

function identityIn(certificate: X509Certificate): TrustedIdentity | undefined {
  try {
    return certificateIdentity(certificate.toString());
  } catch {
    return undefined;
  }
}
