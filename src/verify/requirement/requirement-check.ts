import type { ParsedStatement } from '../../attest/parsed-statement';
import { SignedImageError } from '../../error';
import type { SignerDescription } from '../../key/signer';
import type { Digest } from '../../oci/digest';
import { isIndexType } from '../../oci/media-type';
import type { Candidate } from '../../storage/candidate';
import { mapBounded } from '../../storage/bounded';
import { describeFailures, type Failure, failure, sortFailures } from '../failure';
import type { ManifestGap } from '../image-manifests';
import type { ManifestReads } from '../manifest-reads';
import { isBadContent, type ReadResult } from '../part';
import type { RequirementReport } from '../report';
import { SignatureTrust } from '../signature-trust';
import { readBuildkitStatements } from './attestation-manifest';
import {
  type Evidence,
  type Examined,
  examine,
  type TrustedContent,
  trustedContent,
} from './evidence';
import type { Requirement } from './requirement';
import { contentOf } from './signed-content';

const PARALLEL_MANIFESTS = 4;

/** A manifest of the image, for which something may be signed. */
export interface AttestedManifest {
  readonly digest: Digest;
  readonly mediaType?: string;
  readonly platform?: string;
  readonly gap?: ManifestGap;
  /** BuildKit's attestation manifests of it, as the index lists them. */
  readonly attestationManifests?: readonly Digest[];
}

/** A requirement with what meets it. */
export interface CheckedRequirement {
  readonly report: RequirementReport;
  /** Of the first manifest: of the image itself, or else of each of its platforms. */
  readonly evidence: readonly Evidence[];
}

/**
 * Checks one requirement: the image's own digest must meet it, or else, for an index, every platform manifest. What is
 * signed for an index covers its platforms, because it contains their digests.
 *
 * @param manifests the image first
 */
export async function checkRequirement(
  requirement: Requirement,
  manifests: readonly AttestedManifest[],
  reads: ManifestReads,
  now: Date,
): Promise<CheckedRequirement> {
  const checker = new RequirementChecker(requirement, reads, now);
  const [image, ...below] = manifests;
  if (!image) throw new Error('an image has at least one manifest');
  const whole = await checker.check(image);
  const platforms = below.filter(
    ({ mediaType }) => mediaType === undefined || !isIndexType(mediaType),
  );
  if (whole.gap === undefined || platforms.length === 0) return reportOf(requirement, [whole]);
  const each = await mapBounded(platforms, PARALLEL_MANIFESTS, (platform) =>
    checker.check(platform),
  );
  // Where nothing is signed for the platforms, the image's own result says more.
  const isAttested = each.some(({ gap }) => gap?.status !== 'missing');
  return reportOf(requirement, isAttested ? each : [whole]);
}

type Gap = Required<Pick<RequirementReport, 'reason' | 'code'>> & {
  readonly status: Exclude<RequirementReport['status'], 'present'>;
};

/** The result for one manifest; without `gap` the requirement is met. */
interface Outcome {
  readonly manifest: AttestedManifest;
  readonly evidence: readonly Evidence[];
  readonly gap?: Gap;
}

class RequirementChecker {
  private readonly trust: SignatureTrust;

  constructor(
    private readonly requirement: Requirement,
    private readonly reads: ManifestReads,
    private readonly now: Date,
  ) {
    this.trust = new SignatureTrust(requirement.trust);
  }

  async check(manifest: AttestedManifest): Promise<Outcome> {
    const { gap } = manifest;
    if (gap) {
      const code =
        gap.status === 'unavailable' ? 'VERIFY_INCONCLUSIVE' : 'VERIFY_SIGNATURE_INVALID';
      return { manifest, evidence: [], gap: { ...gap, code } };
    }
    const tally = new Tally(this.requirement);
    await this.examineStored(manifest.digest, tally);
    const { predicateType } = this.requirement;
    for (const attestation of manifest.attestationManifests ?? []) {
      if (tally.isComplete || predicateType === undefined) break;
      await this.examineBuildkit(manifest.digest, attestation, predicateType, tally);
    }
    const missing = tally.gap();
    return { manifest, evidence: tally.evidence, ...(missing && { gap: missing }) };
  }

  /** Attestations, or signatures, that are stored for the manifest itself. */
  private async examineStored(subject: Digest, tally: Tally): Promise<void> {
    const { predicateType } = this.requirement;
    for (const { candidate, found } of await this.trusted(subject, predicateType, tally)) {
      tally.add(examine(found, candidate, subject, this.requirement, this.now));
    }
  }

  /** A signature of the attestation manifest makes the signer responsible for the statements that it contains. */
  private async examineBuildkit(
    subject: Digest,
    attestation: Digest,
    predicateType: string,
    tally: Tally,
  ): Promise<void> {
    const signatures = await this.trusted(attestation, undefined, tally);
    if (signatures.length === 0) return;
    const { client, repository } = this.reads;
    let statements: readonly ParsedStatement[];
    try {
      statements = await readBuildkitStatements(client, repository, attestation, predicateType);
    } catch (error) {
      if (!(error instanceof SignedImageError)) throw error;
      tally.addError(error);
      return;
    }
    for (const { candidate, found } of signatures) {
      for (const statement of statements) {
        const { trusted } = found;
        const content = contentOf(statement, subject);
        if (content.predicateType !== predicateType) continue;
        tally.add(examine({ content, trusted }, candidate, subject, this.requirement, this.now));
      }
    }
  }

  /** Everything of the type that is stored for a manifest and signed by a trusted signer. */
  private async trusted(
    subject: Digest,
    predicateType: string | undefined,
    tally: Tally,
  ): Promise<readonly { candidate: Candidate; found: TrustedContent }[]> {
    const purpose = predicateType === undefined ? 'signature' : 'provenance';
    const signed: { candidate: Candidate; found: TrustedContent }[] = [];
    for (const result of await this.reads.all(subject, purpose)) {
      for (const candidate of tally.candidatesOf(result)) {
        const found = trustedContent(candidate, subject, predicateType, this.trust);
        if (found === undefined) continue;
        if ('failure' in found) tally.add(found);
        else if (found.content.subjects.length > 0) signed.push({ candidate, found });
        else
          tally.add({ failure: failure('VERIFY_SIGNATURE_INVALID', 'it is about another image') });
      }
    }
    return signed;
  }
}

/** Counts each key and each identity once. */
class Tally {
  private readonly bySigner = new Map<string, Evidence>();
  private readonly failures: Failure[] = [];
  private readonly unread: string[] = [];

  constructor(private readonly requirement: Requirement) {}

  get evidence(): readonly Evidence[] {
    return [...this.bySigner.values()];
  }

  get isComplete(): boolean {
    return this.bySigner.size >= this.requirement.count;
  }

  /** Returns the candidates of a read, and records what could not be read or used. */
  candidatesOf(result: ReadResult): readonly Candidate[] {
    if ('error' in result) {
      this.addError(result.error);
      return [];
    }
    const { candidates, unusable, unread } = result.findings;
    this.failures.push(
      ...unusable.map(({ reason }) => failure('VERIFY_SIGNATURE_INVALID', reason)),
    );
    this.unread.push(...unread.map(({ reason }) => reason));
    return candidates;
  }

  add(examined: Examined): void {
    if ('failure' in examined) {
      this.failures.push(examined.failure);
      return;
    }
    const name = signerKey(examined.evidence.signer);
    if (!this.bySigner.has(name)) this.bySigner.set(name, examined.evidence);
  }

  addError(error: SignedImageError): void {
    if (isBadContent(error)) {
      this.failures.push(failure('VERIFY_SIGNATURE_INVALID', error.message));
    } else this.unread.push(error.message);
  }

  /** Returns why the requirement is not met; `undefined` if it is. */
  gap(): Gap | undefined {
    if (this.isComplete) return undefined;
    const { count, predicateType } = this.requirement;
    const what = predicateType === undefined ? 'signature' : `attestation of type ${predicateType}`;
    if (this.unread[0] !== undefined) {
      const reason = `${this.unread.length} stored objects could not be read: ${this.unread[0]}`;
      return { status: 'unavailable', code: 'VERIFY_INCONCLUSIVE', reason };
    }
    const sorted = sortFailures(this.failures);
    const rejected = sorted.length > 0 ? `; rejected: ${describeFailures(sorted)}` : '';
    if (this.bySigner.size > 0) {
      const found = this.evidence.map(({ signer }) => describeSigner(signer)).join(', ');
      const reason = `${this.bySigner.size} of ${count} required signers: ${found}${rejected}`;
      return { status: 'invalid', code: 'VERIFY_THRESHOLD_UNMET', reason };
    }
    const [first] = sorted;
    if (first) return { status: 'invalid', code: first.code, reason: describeFailures(sorted) };
    const code = predicateType === undefined ? 'VERIFY_UNSIGNED' : 'VERIFY_ATTESTATION_MISSING';
    return { status: 'missing', code, reason: `no ${what} was found` };
  }
}

function signerKey(signer: SignerDescription): string {
  return signer.kind === 'key'
    ? `key ${signer.keyId}`
    : JSON.stringify([signer.issuer, signer.identity]);
}

function describeSigner(signer: SignerDescription): string {
  return signer.kind === 'key' ? `key sha256:${signer.keyId}` : signer.identity;
}

function reportOf(requirement: Requirement, outcomes: readonly Outcome[]): CheckedRequirement {
  const { name, predicateType, count } = requirement;
  const failed = outcomes.find(({ gap }) => gap !== undefined);
  const evidence = outcomes.flatMap((outcome) => outcome.evidence);
  return {
    evidence,
    report: {
      name,
      ...(predicateType !== undefined && { predicateType }),
      count,
      status: failed?.gap?.status ?? 'present',
      ...(failed?.gap && {
        code: failed.gap.code,
        reason: withPlatform(failed.manifest, failed.gap.reason),
      }),
      evidence: evidence.map(({ subject, signer, format, stored, signedAt }) => ({
        subject,
        signer,
        format,
        stored,
        ...(signedAt && { signedAt: signedAt.toISOString() }),
      })),
    },
  };
}

function withPlatform({ platform }: AttestedManifest, reason: string): string {
  return platform === undefined ? reason : `${platform}: ${reason}`;
}
