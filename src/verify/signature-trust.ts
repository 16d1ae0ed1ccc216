import { type KeyObject, createHash, createPublicKey } from 'node:crypto';

import type { Bundle, TransparencyLogEntry } from '@sigstore/bundle';
import type { X509Certificate } from '@sigstore/core';
import { type SignedEntity, Verifier, toSignedEntity } from '@sigstore/verify';

import { InvalidInputError, messageOf } from '../error';
import type { Candidate } from '../storage/candidate';
import { leafCertificate } from '../storage/signature';
import type { CertificateIdentity } from '../sigstore/certificate-identity';
import { EnvelopeTimestamp, Timestamp } from '../sigstore/timestamp';
import type { SignerDescription } from '../key/signer';
import type { PublicKey } from '../key/public-key';
import { type Failure, failure } from './failure';
import { loggedVerifier, matchesCheckpoint } from './log-entry-key';
import { readClaim } from './certificate-claims';
import { IdentityMatcher } from './identity-matcher';
import { type AnchorMaterial, anchorsOf, type TrustAnchors, untrusted } from './trust-anchors';
import type { TrustPolicy } from './trust-policy';
import { outsideWindows, type TrustedKey } from './trusted-key';

/** A signature that meets the policy. */
export interface Trusted {
  readonly signer: SignerDescription;
  /** The times that verified log entries and timestamps prove; none for a key without them. */
  readonly times: readonly Date[];
}

/** The trusted signer of a signature that meets the policy, or why it does not. */
export type Verdict = Trusted | { readonly failure: Failure };

/** Verifies signatures by a policy: the signature itself, the signer, log entries and timestamps. */
export class SignatureTrust {
  private readonly anchors: TrustAnchors;
  private readonly keys: readonly TrustedKey[];
  private readonly identities: readonly IdentityMatcher[];

  /**
   * @throws SignedImageError `INPUT_INVALID` for a policy without trusted signers, and
   *   `TRUSTED_ROOT_INVALID` if the trusted root lacks what the policy requires
   */
  constructor(
    private readonly policy: TrustPolicy,
    private readonly now: () => Date = () => new Date(),
  ) {
    this.keys = trustedKeys(policy);
    this.identities = policy.identities.map((trusted) => new IdentityMatcher(trusted));
    if (this.keys.length === 0 && policy.identities.length === 0) {
      throw new InvalidInputError([
        {
          property: 'verify',
          code: 'INPUT_INVALID',
          message: 'no signer is trusted: set at least one key or identity',
        },
      ]);
    }
    this.anchors = anchorsOf(policy.trustedRoot);
    checkMaterial(policy, this.anchors.material);
  }

  check(candidate: Candidate): Verdict {
    const leaf = leafCertificate(candidate.bundle);
    try {
      return leaf ? this.checkCertificate(candidate, leaf) : this.checkKey(candidate);
    } catch (error) {
      // Errors of the library are faults of the candidate: it parses untrusted data.
      const cause = error instanceof Error && error.cause ? ` (${messageOf(error.cause)})` : '';
      return invalid(`the signature does not verify: ${messageOf(error)}${cause}`);
    }
  }

  private checkKey(candidate: Candidate): Verdict {
    const { bundle } = candidate;
    const entity = this.entity(candidate);
    const trusted = this.keys.find(({ key: each }) =>
      entity.signature.verifySignature(keyObject(each)),
    );
    if (!trusted) return { failure: this.untrustedKey(bundle) };
    const { key } = trusted;
    const missing = this.missingWitness(entity, false);
    if (missing) return { failure: missing };
    const proven: Date[] = [];
    // Called with each verified time; the windows are checked when all times are known.
    const validFor = (time: Date): boolean => proven.push(time) > 0;
    this.verifier(false, { publicKey: keyObject(key), validFor }).verify(entity);
    const fault = logFault(entity, key.spki);
    if (fault) return fault;
    const windows = this.keys.filter((each) => each.key.keyId === key.keyId);
    const outside = outsideWindows(windows, proven, this.now());
    if (outside) return { failure: outside };
    return { signer: { kind: 'key', keyId: key.keyId, publicKey: key.pem }, times: proven };
  }

  private checkCertificate(candidate: Candidate, leaf: Buffer): Verdict {
    const { claimed, certificate } = this.anchors.certificates.parse(leaf);
    const mismatched = this.identityFault(claimed, certificate);
    if (mismatched) return mismatched;
    const entity: SignedEntity = {
      ...this.entity(candidate),
      key: { $case: 'certificate', certificate },
    };
    const missing = this.missingWitness(entity, true);
    if (missing) return { failure: missing };
    this.verifier(true, undefined).verify(entity);
    const fault = logFault(entity, leaf);
    if (fault) return fault;
    return { signer: { kind: 'keyless', ...claimed }, times: provenTimes(entity) };
  }

  /** Compares the certificate with the identities: the library's own policy does not anchor its expressions. */
  private identityFault(
    claimed: CertificateIdentity,
    certificate: X509Certificate,
  ): Verdict | undefined {
    const identity = `identity ${quote(claimed.identity)} of ${quote(claimed.issuer)}`;
    const trusted = this.identities.filter((each) => each.matches(claimed));
    const faults = trusted.map((each) => each.claimFault((name) => readClaim(certificate, name)));
    if (faults.includes(undefined)) return undefined;
    const [first] = faults;
    return mismatch(first === undefined ? identity : `${identity}: ${first}`);
  }

  /** Returns the entity to verify; log entries and timestamps without trust material are omitted. */
  private entity({ bundle, payload, envelope }: Candidate): SignedEntity {
    const { tlogs, timestampAuthorities } = this.anchors.material;
    const { verificationMaterial } = bundle;
    const logged = {
      ...verificationMaterial,
      // The signer was read from the bundle, and is passed to the verifier.
      content: { $case: 'publicKey' as const, publicKey: { hint: '' } },
      tlogEntries: tlogs.length > 0 ? verificationMaterial.tlogEntries : [],
      timestampVerificationData: undefined,
    };
    const entity = toSignedEntity({ ...bundle, verificationMaterial: logged }, payload);
    const timestamps =
      timestampAuthorities.length > 0
        ? (verificationMaterial.timestampVerificationData?.rfc3161Timestamps ?? [])
        : [];
    for (const { signedTimestamp } of timestamps) {
      const der = Buffer.from(signedTimestamp);
      const timestamp = envelope ? new EnvelopeTimestamp(der, envelope) : Timestamp.parse(der);
      entity.timestamps.push({ $case: 'timestamp-authority', timestamp });
    }
    return entity;
  }

  private missingWitness(entity: SignedEntity, keyless: boolean): Failure | undefined {
    const { transparency } = this.policy;
    const stamped = entity.timestamps.some(({ $case }) => $case === 'timestamp-authority');
    if (transparency === 'log' && entity.tlogEntries.length === 0) {
      return failure('VERIFY_LOG_MISSING', 'it does not contain a transparency log entry');
    }
    if (transparency === 'timestamp' && !stamped) {
      return failure('VERIFY_LOG_MISSING', 'it does not contain a signed timestamp');
    }
    if (keyless && entity.timestamps.length === 0) {
      return failure(
        'VERIFY_LOG_MISSING',
        'its signing time is unknown (no log entry with a time, no timestamp), so its short-lived certificate cannot be verified',
      );
    }
    return undefined;
  }

  private verifier(keyless: boolean, key: KeyInTime | undefined): Verifier {
    const { transparency } = this.policy;
    const { material } = this.anchors;
    return new Verifier(
      { ...material, publicKey: () => expected(key) },
      {
        tlogThreshold: transparency === 'log' ? 1 : 0,
        timestampThreshold: keyless || transparency === 'timestamp' ? 1 : 0,
        // Counted for certificates only. A private Fulcio may have no certificate log; then its trusted root lists none.
        ctlogThreshold: material.ctlogs.length > 0 ? 1 : 0,
      },
    );
  }

  /** Describes a signature that no trusted key verifies. The key id in the bundle is not verified. */
  private untrustedKey(bundle: Bundle): Failure {
    if (this.keys.length === 0) {
      return mismatch('a key, but only identities are trusted').failure;
    }
    const { content, tlogEntries } = bundle.verificationMaterial;
    const hint = content.$case === 'publicKey' ? content.publicKey.hint : '';
    const claimed = claimedKeyId(hint) ?? loggedKeyId(tlogEntries[0]);
    if (claimed === undefined) {
      return failure(
        'VERIFY_SIGNATURE_INVALID',
        'no trusted key verifies it: it was signed with another key, or it was modified',
      );
    }
    const isTrusted = this.keys.some(({ key }) => key.keyId === claimed);
    return isTrusted
      ? failure(
          'VERIFY_SIGNATURE_INVALID',
          `the signature of the trusted key sha256:${claimed} does not verify: the signed content was modified`,
        )
      : mismatch(`key sha256:${claimed}`).failure;
  }
}

/** A key, and whether it may have signed at a time. */
interface KeyInTime {
  readonly publicKey: KeyObject;
  validFor(time: Date): boolean;
}

function expected(key: KeyInTime | undefined): KeyInTime {
  if (key === undefined) throw new Error('the signature was expected to have a certificate');
  return key;
}

/** The windows of a key take precedence over `keys`; the newest keys need not come first. */
function trustedKeys({ keys, trustedKeys: windows = [] }: TrustPolicy): readonly TrustedKey[] {
  const always = keys.filter(({ keyId }) => windows.every(({ key }) => key.keyId !== keyId));
  return [...always.map((key) => ({ key })), ...windows];
}

function checkMaterial(policy: TrustPolicy, material: AnchorMaterial): void {
  if (policy.identities.length > 0 && material.certificateAuthorities.length === 0) {
    throw untrusted(
      'it lacks the certificate authority (Fulcio), which is required to verify identities',
    );
  }
  if (policy.transparency === 'log' && material.tlogs.length === 0) {
    throw untrusted(
      'it lacks the transparency log (Rekor), which is required to verify log entries',
    );
  }
  if (policy.transparency === 'timestamp' && material.timestampAuthorities.length === 0) {
    throw untrusted('it lacks the timestamp authority, which is required to verify timestamps');
  }
}

const keyObjects = new WeakMap<PublicKey, KeyObject>();

function keyObject(key: PublicKey): KeyObject {
  const known = keyObjects.get(key);
  if (known) return known;
  const created = createPublicKey({ key: key.spki, format: 'der', type: 'spki' });
  keyObjects.set(key, created);
  return created;
}

/**
 * Returns the times of a verified entity. Of log entries only those with a promise of inclusion prove a time: the
 * proof of inclusion does not cover it.
 */
function provenTimes({ timestamps }: SignedEntity): readonly Date[] {
  return timestamps.flatMap((each) => {
    if (each.$case === 'timestamp-authority') return [each.timestamp.signingTime];
    const { inclusionPromise, integratedTime } = each.tlogEntry;
    return inclusionPromise ? [new Date(Number(integratedTime) * 1000)] : [];
  });
}

function areLoggedAs(entity: SignedEntity, verifier: Buffer): boolean {
  return entity.tlogEntries.every((entry) => loggedVerifier(entry)?.equals(verifier));
}

/** Checks what the library does not check in a log entry that it accepted. */
function logFault(entity: SignedEntity, verifier: Buffer): Verdict | undefined {
  if (!areLoggedAs(entity, verifier)) {
    return invalid('its log entry contains another signer than its own');
  }
  return entity.tlogEntries.every(matchesCheckpoint)
    ? undefined
    : invalid('the inclusion proof of its log entry does not match its checkpoint');
}

function invalid(reason: string): Verdict {
  return { failure: failure('VERIFY_SIGNATURE_INVALID', reason) };
}

function mismatch(signer: string): { readonly failure: Failure } {
  return { failure: failure('VERIFY_SIGNER_MISMATCH', `signed, but by another signer: ${signer}`) };
}

/** cosign and this package write base64 of sha256(SPKI). */
function claimedKeyId(hint: string): string | undefined {
  const bytes = Buffer.from(hint, 'base64');
  return bytes.length === 32 ? bytes.toString('hex') : undefined;
}

function loggedKeyId(entry: TransparencyLogEntry | undefined): string | undefined {
  const spki = entry && loggedVerifier(entry);
  return spki && createHash('sha256').update(spki).digest('hex');
}

/** Quotes untrusted text for one line. */
function quote(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}...` : text);
}
