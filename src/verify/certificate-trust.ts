import { type KeyObject, createHash, createPublicKey } from 'node:crypto';

import type { TransparencyLogEntry } from '@sigstore/bundle';
import { X509Certificate } from '@sigstore/core';
import { type SignedEntity, type TrustMaterial, Verifier } from '@sigstore/verify';

import type { TrustedIdentity } from './policy';
import { readSignerCertificate } from './signer-certificate';

/** A leaf certificate, read. Says nothing about who made it. */
export interface SignerCertificate {
  readonly claimed: TrustedIdentity;
  readonly key: KeyObject;
}

interface Known extends SignerCertificate {
  readonly certificate: X509Certificate;
  /** Milliseconds since 1970 at which it was found good. */
  readonly good: Set<number>;
}

/** A run of ours has a handful, an image signed by many has some more. */
const MOST_CERTIFICATES = 64;
const MOST_TIMES = 4096;

const NOTHING = Buffer.alloc(0);

/** The signature is checked apart, with the certificate's key. */
const ANY_SIGNATURE: SignedEntity['signature'] = {
  signature: NOTHING,
  compareSignature: () => true,
  compareDigest: () => true,
  compareSignedDigest: () => true,
  verifySignature: () => true,
};

/** What the library takes for "this was signed at that time". */
function signedAt(time: Date): TransparencyLogEntry {
  return {
    logIndex: '0',
    logId: { keyId: NOTHING },
    kindVersion: { kind: '', version: '' },
    inclusionPromise: { signedEntryTimestamp: NOTHING },
    inclusionProof: undefined,
    canonicalizedBody: NOTHING,
    // Half a millisecond on top: the library multiplies and cuts off, and must come out where we are.
    integratedTime: String((time.getTime() + 0.5) / 1000),
  };
}

/**
 * Which leaf certificates chain to an authority of a trusted root, with the timestamps of its
 * certificate logs, at a time. The library decides; what it found good is not asked again, for the
 * answer follows from root, certificate and time alone. What it refused is asked anew each time.
 */
export class CertificateTrust {
  readonly #known = new Map<string, Known>();
  readonly #verifier: Verifier;

  constructor(material: Omit<TrustMaterial, 'publicKey'>) {
    const publicKey = (): never => {
      throw new Error('a certificate was expected');
    };
    this.#verifier = new Verifier(
      { ...material, publicKey },
      {
        tlogThreshold: 0,
        timestampThreshold: 1,
        // A private Fulcio may have no CT log; then its trusted root lists none.
        ctlogThreshold: material.ctlogs.length > 0 ? 1 : 0,
      },
    );
  }

  /** @throws Error that says what is wrong with it */
  read(leaf: Buffer): SignerCertificate {
    return this.#of(leaf);
  }

  /** @throws VerificationError as the library says it */
  check(leaf: Buffer, time: Date): void {
    const { certificate, good } = this.#of(leaf);
    if (good.has(time.getTime())) return;
    this.#verifier.verify({
      key: { $case: 'certificate', certificate },
      timestamps: [{ $case: 'transparency-log', tlogEntry: signedAt(time) }],
      signature: ANY_SIGNATURE,
      tlogEntries: [],
    });
    if (good.size >= MOST_TIMES) good.clear();
    good.add(time.getTime());
  }

  #of(leaf: Buffer): Known {
    const id = createHash('sha256').update(leaf).digest('hex');
    const known = this.#known.get(id);
    if (known) return known;
    const claimed = readSignerCertificate(leaf);
    const certificate = X509Certificate.parse(Buffer.from(leaf));
    const key = createPublicKey({ key: certificate.publicKey, format: 'der', type: 'spki' });
    const [oldest] = this.#known.keys();
    if (oldest !== undefined && this.#known.size >= MOST_CERTIFICATES) this.#known.delete(oldest);
    const read = { claimed, key, certificate, good: new Set<number>() };
    this.#known.set(id, read);
    return read;
  }
}
