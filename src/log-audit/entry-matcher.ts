import { X509Certificate, createPublicKey } from 'node:crypto';

import { X509Certificate as ParsedCertificate } from '@sigstore/core';
import type { TrustedRoot } from '@sigstore/protobuf-specs';

import type { PublicKey } from '../key/public-key';
import { type CertificateIdentity, certificateIdentity } from '../sigstore/certificate-identity';
import {
  claimEntries,
  IdentityMatcher,
  readClaim,
  type ReadClaim,
  type TrustedIdentity,
} from '../verify';
import { type EntryContent, parseCertificate } from './entry-signers';

/** The keys and identities whose entries are searched for. */
export interface AuditedSigners {
  readonly keys: readonly PublicKey[];
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
  readonly matcher: IdentityMatcher;
  /** Exact names and claims, which a certificate of this identity contains as they are. */
  readonly texts: readonly Buffer[];
}

function wantedOf(trusted: TrustedIdentity): Wanted {
  const { identity, issuer, claims } = trusted;
  const exact = [identity, issuer, ...claimEntries(claims).map(([, value]) => value)];
  return {
    matcher: new IdentityMatcher(trusted),
    texts: exact.flatMap((text) => (text === undefined ? [] : [Buffer.from(text, 'utf8')])),
  };
}

/** Matches entries by key and identity. */
export class EntryMatcher {
  readonly #keys: readonly PublicKey[];
  readonly #wanted: readonly Wanted[];
  readonly #authorities: readonly X509Certificate[];

  constructor({ keys, identities }: AuditedSigners, root: TrustedRoot | undefined) {
    this.#keys = keys;
    this.#wanted = identities.map(wantedOf);
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
   * Parsing a certificate takes most of the time of an entry, so the texts that a certificate of this identity
   * contains as they are, are searched for first. An identity of patterns alone has none.
   */
  #identityOf(verifier: Buffer): EntrySigner | undefined {
    const candidates = this.#wanted.filter(({ texts }) =>
      texts.every((text) => verifier.includes(text)),
    );
    const certificate = candidates.length > 0 ? parseCertificate(verifier) : undefined;
    const found = certificate && identityIn(certificate);
    if (!certificate || !found) return undefined;
    const isOurs = candidates.some(
      ({ matcher }) => matcher.matches(found) && hasClaims(matcher, certificate),
    );
    if (!isOurs) return undefined;
    const { identity, issuer } = found;
    const isCertificateTrusted = this.#authorities.some(
      (authority) => certificate.checkIssued(authority) && certificate.verify(authority.publicKey),
    );
    return { kind: 'keyless', identity, issuer, isCertificateTrusted };
  }
}

function hasClaims(matcher: IdentityMatcher, certificate: X509Certificate): boolean {
  let parsed: ParsedCertificate | undefined;
  const read: ReadClaim = (name) =>
    readClaim((parsed ??= ParsedCertificate.parse(certificate.toString())), name);
  return matcher.claimFault(read) === undefined;
}

function identityIn(certificate: X509Certificate): CertificateIdentity | undefined {
  try {
    return certificateIdentity(certificate.toString());
  } catch {
    return undefined;
  }
}
