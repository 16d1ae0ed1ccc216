import type { KeyObject } from 'node:crypto';

import type { Bundle } from '@sigstore/bundle';
import { ASN1Obj, RFC3161Timestamp } from '@sigstore/core';

const GENERALIZED_TIME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d{1,9}))?Z$/;

/**
 * An RFC 3161 response whose time may have any number of fraction digits. DER drops trailing
 * zeros (X.690, 11.7.3), and the library reads three digits or none: it would reject a valid
 * timestamp of .120 s.
 */
export class Timestamp extends RFC3161Timestamp {
  static override parse(der: Buffer): Timestamp {
    return new Timestamp(ASN1Obj.parseBuffer(Buffer.from(der)));
  }

  override get signingTime(): Date {
    // TSTInfo.genTime: https://www.rfc-editor.org/rfc/rfc3161#section-2.4.2
    const text = this.tstInfo.root.subs[4]?.value.toString('latin1') ?? '';
    const parts = GENERALIZED_TIME.exec(text);
    if (!parts) throw new Error('the time in the timestamp is malformed');
    const [, year, month, day, hour, minute, second, fraction = '0'] = parts;
    const milliseconds = fraction.padEnd(3, '0').slice(0, 3);
    return new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}.${milliseconds}Z`);
  }
}

/**
 * A timestamp of the signature, or of the whole envelope around it. cosign reads `.att` tags with
 * the latter only, and since 3.0 writes the former; both prove that the signature existed by then.
 */
export class EnvelopeTimestamp extends Timestamp {
  constructor(
    der: Buffer,
    private readonly envelope: Buffer,
  ) {
    super(ASN1Obj.parseBuffer(Buffer.from(der)));
  }

  override verify(signature: Buffer, publicKey: KeyObject): void {
    try {
      super.verify(signature, publicKey);
    } catch {
      super.verify(this.envelope, publicKey);
    }
  }
}

/** Returns the signing time in a bundle: from its log entry, else from its timestamp. Not verified. */
export function claimedSigningTime(bundle: Bundle): Date | undefined {
  const { tlogEntries, timestampVerificationData } = bundle.verificationMaterial;
  const integrated = tlogEntries.map((entry) => Number(entry.integratedTime)).find((t) => t > 0);
  if (integrated !== undefined) return new Date(integrated * 1000);
  const timestamp = timestampVerificationData?.rfc3161Timestamps[0];
  if (!timestamp) return undefined;
  try {
    return Timestamp.parse(Buffer.from(timestamp.signedTimestamp)).signingTime;
  } catch {
    return undefined;
  }
}
