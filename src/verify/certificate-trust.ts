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

/** Times between two at which something begins or ends, both exclusive; milliseconds since 1970. */
interface Stretch {
  readonly after: number;
  readonly before: number;
}

interface Known extends SignerCertificate {
  readonly certificate: X509Certificate;
  /** When it was found good. */
  readonly good: Stretch[];
}

/** A run of ours has a handful, an image signed by many has some more. */
const MOST_CERTIFICATES = 64;

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

/** When something about an authority begins or ends: its own period, its certificates'. */
function boundsOf({ certificateAuthorities }: Pick<TrustMaterial, 'certificateAuthorities'>) {
  return certificateAuthorities.flatMap(({ certChain, validFor }) => [
    validFor.start,
    validFor.end,
    ...certChain.flatMap(({ notBefore, notAfter }) => [notBefore, notAfter]),
  ]);
}

/** The stretch that a time is in; `undefined` for one at which something begins or ends. */
function stretchAround(time: number, bounds: readonly Date[]): Stretch | undefined {
  const times = bounds.map((bound) => bound.getTime());
  if (times.includes(time)) return undefined;
  return {
    after: Math.max(-Infinity, ...times.filter((bound) => bound < time)),
    before: Math.min(Infinity, ...times.filter((bound) => bound > time)),
  };
}

/**
 * Which leaf certificates chain to an authority of a trusted root, with the timestamps of its
 * certificate logs, at a time. The library decides. What it found good is not asked again: the
 * answer follows from root, certificate and time alone, and it is the same for all times between
 * two at which something of these begins or ends. What it refused is asked anew each time.
 */
export class CertificateTrust {
  readonly #known = new Map<string, Known>();
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

  /** @throws Error that says what is wrong with it */
  read(leaf: Buffer): SignerCertificate {
    return this.#of(leaf);
  }

  /** @throws VerificationError as the library says it */
  check(leaf: Buffer, time: Date): void {
    const { certificate, good } = this.#of(leaf);
    const at = time.getTime();
    if (good.some(({ after, before }) => after < at && at < before)) return;
    this.#verifier.verify({
      key: { $case: 'certificate', certificate },
      timestamps: [{ $case: 'transparency-log', tlogEntry: signedAt(time) }],
      signature: ANY_SIGNATURE,
      tlogEntries: [],
    });
    const { notBefore, notAfter } = certificate;
    const stretch = stretchAround(at, [...this.#bounds, notBefore, notAfter]);
    if (stretch) good.push(stretch);
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
    const read = { claimed, key, certificate, good: [] };
    this.#known.set(id, read);
    return read;
  }
}
