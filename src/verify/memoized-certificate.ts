import { createHash } from 'node:crypto';

import { X509Certificate } from '@sigstore/core';
import type { TrustMaterial } from '@sigstore/verify';

import type { CertificateIdentity } from '../sigstore/certificate-identity';
import { readSignerCertificate } from './signer-certificate';

/**
 * A certificate that computes two facts about its bytes once: whether the key of another certificate
 * verifies its signature, and whether another certificate is equal. Neither depends on a time, a log
 * or a policy. `@sigstore/verify` asks for both several times in each verification, and encodes the
 * certificate as DER each time, which is most of the cost of a keyless verification (docs/explanation/adr/0008).
 */
export class MemoizedCertificate extends X509Certificate {
  readonly #der: Buffer;
  readonly #verifiedBy = new WeakMap<X509Certificate, boolean>();

  constructor({ root }: X509Certificate) {
    super(root);
    this.#der = root.toDER();
  }

  override verify(issuer: X509Certificate = this): boolean {
    const known = this.#verifiedBy.get(issuer);
    if (known !== undefined) return known;
    const verified = super.verify(issuer);
    this.#verifiedBy.set(issuer, verified);
    return verified;
  }

  override equals(other: X509Certificate): boolean {
    return other instanceof MemoizedCertificate
      ? this.#der.equals(other.#der)
      : super.equals(other);
  }
}

/** Returns the trust material with memoized certificates of its authorities. */
export function withMemoizedAuthorities<
  Material extends Pick<TrustMaterial, 'certificateAuthorities'>,
>(material: Material): Material {
  return {
    ...material,
    certificateAuthorities: material.certificateAuthorities.map((authority) => ({
      ...authority,
      certChain: authority.certChain.map((certificate) => new MemoizedCertificate(certificate)),
    })),
  };
}

/** A parsed leaf certificate. Its issuer is not verified. */
export interface LeafCertificate {
  readonly claimed: CertificateIdentity;
  readonly certificate: MemoizedCertificate;
}

/** A run has a handful of certificates; an image with many signers has some more. */
const MAX_CERTIFICATES = 64;

/** The leaf certificates of a run, parsed once for each content. */
export class LeafCertificates {
  readonly #cache = new Map<string, LeafCertificate>();

  /** @throws Error if the certificate is not valid for signing */
  parse(der: Buffer): LeafCertificate {
    const id = createHash('sha256').update(der).digest('hex');
    const known = this.#cache.get(id);
    if (known) return known;
    const claimed = readSignerCertificate(der);
    const certificate = new MemoizedCertificate(X509Certificate.parse(Buffer.from(der)));
    const [oldest] = this.#cache.keys();
    if (oldest !== undefined && this.#cache.size >= MAX_CERTIFICATES) this.#cache.delete(oldest);
    const parsed = { claimed, certificate };
    this.#cache.set(id, parsed);
    return parsed;
  }
}
