import { type KeyObject, createHash, createPublicKey } from 'node:crypto';

import type { TransparencyLogEntry } from '@sigstore/bundle';
import { X509Certificate } from '@sigstore/core';
import { type SignedEntity, type TrustMaterial, Verifier } from '@sigstore/verify';

import type { TrustedIdentity } from './policy';
import { readSignerCertificate } from './signer-certificate';

/** A parsed leaf certificate. Its issuer is not verified. */
export interface SignerCertificate {
  readonly claimed: TrustedIdentity;
  readonly key: KeyObject;
}

/** A period between two validity boundaries, both exclusive; milliseconds since 1970. */
interface Period {
  readonly after: number;
  readonly before: number;
}

interface CachedCertificate extends SignerCertificate {
  readonly certificate: X509Certificate;
  /** The periods for which it was verified. */
  readonly verified: Period[];
}

/** A run has a handful of certificates; an image with many signers has some more. */
const MAX_CERTIFICATES = 64;

const EMPTY = Buffer.alloc(0);

/** The signature is verified separately, with the certificate's key. */
const ANY_SIGNATURE: SignedEntity['signature'] = {
  signature: EMPTY,
  compareSignature: () => true,
  compareDigest: () => true,
  compareSignedDigest: () => true,
  verifySignature: () => true,
};

/** Creates a log entry from which the library reads the signing time. */
function entryAt(time: Date): TransparencyLogEntry {
  return {
    logIndex: '0',
    logId: { keyId: EMPTY },
    kindVersion: { kind: '', version: '' },
    inclusionPromise: { signedEntryTimestamp: EMPTY },
    inclusionProof: undefined,
    canonicalizedBody: EMPTY,
    // Plus half a millisecond: the library multiplies and truncates, and must result in the same time.
    integratedTime: String((time.getTime() + 0.5) / 1000),
  };
}

/** Returns the validity boundaries of the authorities: their own periods, and those of their certificates. */
function boundsOf({ certificateAuthorities }: Pick<TrustMaterial, 'certificateAuthorities'>) {
  return certificateAuthorities.flatMap(({ certChain, validFor }) => [
    validFor.start,
    validFor.end,
    ...certChain.flatMap(({ notBefore, notAfter }) => [notBefore, notAfter]),
  ]);
}

/** Returns the period that contains a time; `undefined` if the time is itself a boundary. */
function periodAround(time: number, bounds: readonly Date[]): Period | undefined {
  const times = bounds.map((bound) => bound.getTime());
  if (times.includes(time)) return undefined;
  return {
    after: Math.max(-Infinity, ...times.filter((bound) => bound < time)),
    before: Math.min(Infinity, ...times.filter((bound) => bound > time)),
  };
}

/**
 * Verifies that leaf certificates chain to an authority of a trusted root, with the timestamps of its
 * certificate logs, at a given time. The library verifies them. Successful results are cached: the
 * result depends only on root, certificate and time, and it is the same for all times between two
 * validity boundaries of root and certificate. Failures are not cached.
 */
export class CertificateTrust {
  readonly #cache = new Map<string, CachedCertificate>();
  readonly #verifier: Verifier;
  readonly #bounds: readonly Date[];

  constructor(material: Omit<TrustMaterial, 'publicKey'>) {
    const publicKey = (): never => {
      throw new Error('a certificate was expected');
    };
    this.#bounds = boundsOf(material);
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

  /** @throws Error if the certificate is not valid for signing */
  read(leaf: Buffer): SignerCertificate {
    return this.#parse(leaf);
  }

  /** @throws VerificationError of the library */
  check(leaf: Buffer, time: Date): void {
    const { certificate, verified } = this.#parse(leaf);
    const at = time.getTime();
    if (verified.some(({ after, before }) => after < at && at < before)) return;
    this.#verifier.verify({
      key: { $case: 'certificate', certificate },
      timestamps: [{ $case: 'transparency-log', tlogEntry: entryAt(time) }],
      signature: ANY_SIGNATURE,
      tlogEntries: [],
    });
    const { notBefore, notAfter } = certificate;
    const period = periodAround(at, [...this.#bounds, notBefore, notAfter]);
    if (period) verified.push(period);
  }

  #parse(leaf: Buffer): CachedCertificate {
    const id = createHash('sha256').update(leaf).digest('hex');
    const known = this.#cache.get(id);
    if (known) return known;
    const claimed = readSignerCertificate(leaf);
    const certificate = X509Certificate.parse(Buffer.from(leaf));
    const key = createPublicKey({ key: certificate.publicKey, format: 'der', type: 'spki' });
    const [oldest] = this.#cache.keys();
    if (oldest !== undefined && this.#cache.size >= MAX_CERTIFICATES) this.#cache.delete(oldest);
    const parsed = { claimed, key, certificate, verified: [] };
    this.#cache.set(id, parsed);
    return parsed;
  }
}
