import { SignedImageError } from '../error';
import type { RegistryClient, Repository } from '../oci';
import {
  inspectImage,
  type ProvenanceExpectation,
  type VerificationPolicy,
  type VerificationReport,
} from '../verify';
import { commitsOf } from '../report/image-facts';
import type { AuditedImage, AuditedLogEntry } from './audit-report';
import { lacksProvenanceOnly, unmetOf, verdictOf } from './image-verdict';
import type { RunningImage } from './running-image';
import { stackImageOf, type StackState } from './stack-state';

/** The requirements that images are compared with. */
export interface Comparison {
  readonly policy: VerificationPolicy;
  /** The commit that all images must be from. Default: the commit of each image in the stack's state. */
  readonly commit: string | undefined;
  /** Default: any verified image is accepted. */
  readonly stack: StackState | undefined;
}

type Pinned = Extract<RunningImage, { readonly kind: 'pinned' }>;
/** The result of one image, without its containers. */
type ImageFinding = Omit<AuditedImage, 'image' | 'digest' | 'containers'>;

function withoutCommit(expected: ProvenanceExpectation | undefined): ProvenanceExpectation {
  const { commit: _commit, ...others } = expected ?? {};
  return others;
}

function logEntriesOf(
  report: VerificationReport,
  stack: StackState | undefined,
): readonly AuditedLogEntry[] {
  const known = stack?.logIndexes.get(report.digest);
  const [root] = report.manifests;
  const entries = (root?.parts ?? [])
    .filter(({ purpose, status }) => purpose === 'signature' && status === 'present')
    .flatMap(({ logEntries = [] }) => logEntries)
    .map((entry) => ({ ...entry, ...(known && { inState: known.has(entry.logIndex) }) }));
  return [...new Map(entries.map((each) => [`${each.logId} ${each.logIndex}`, each])).values()];
}

function factsOf(report: VerificationReport, stack: StackState | undefined): ImageFinding {
  const logEntries = logEntriesOf(report, stack);
  const [commit] = commitsOf(report.provenance);
  const isUnknownEntry =
    logEntries.length > 0 && logEntries.every(({ inState }) => inState === false);
  return {
    status: 'match',
    ...(report.signer && { signer: report.signer }),
    ...(logEntries.length > 0 && { logEntries }),
    ...(commit !== undefined && { commit }),
    ...(isUnknownEntry && {
      notes: ['the log entry of its signature is not in the state of the stack'],
    }),
  };
}

/** Converts a failed read to a result; other errors, such as an invalid policy, are rethrown. */
function toUnreadable(error: unknown): ImageFinding {
  if (!(error instanceof SignedImageError)) throw error;
  if (error.code === 'REGISTRY_NOT_FOUND') return { status: 'gone', reason: error.message };
  if (!/^(REGISTRY|CREDENTIALS|CONTENT)_/.test(error.code)) throw error;
  return { status: 'check-failed', reason: error.message };
}

class ImageAudit {
  constructor(
    private readonly image: Pinned,
    private readonly repository: Repository,
    private readonly comparison: Comparison,
    private readonly client: RegistryClient,
  ) {}

  async run(): Promise<ImageFinding> {
    const { policy, stack } = this.comparison;
    const known = stackImageOf(stack, this.image.digest);
    const commit = this.comparison.commit ?? policy.provenance?.commit ?? known?.commit;
    const required =
      commit === undefined ? policy : { ...policy, provenance: { ...policy.provenance, commit } };
    try {
      const report = await this.inspect(required);
      const unmet = unmetOf(report, required);
      const facts = factsOf(report, stack);
      if (commit !== undefined && lacksProvenanceOnly(unmet)) {
        return { ...facts, ...(await this.checkOtherCommit(commit)) };
      }
      const verdict = { ...facts, ...verdictOf(unmet) };
      if (verdict.status !== 'match' || stack === undefined) return verdict;
      return known === undefined
        ? {
            ...verdict,
            status: 'not-in-stack',
            reason: 'the state of the stack does not have this image',
          }
        : { ...verdict, resource: known.name };
    } catch (error) {
      return toUnreadable(error);
    }
  }

  /** With any format, legacy tags are read only if the bundles do not meet the policy. */
  private async inspect(policy: VerificationPolicy): Promise<VerificationReport> {
    const inspect = (required: VerificationPolicy): Promise<VerificationReport> =>
      inspectImage(this.repository, this.image.digest, required, this.client);
    if (policy.format !== 'any') return inspect(policy);
    const report = await inspect({ ...policy, format: 'bundle' });
    return report.verified ? report : inspect(policy);
  }

  /** The signatures meet the policy: checks again without the commit, to see if only the commit differs. */
  private async checkOtherCommit(commit: string): Promise<ImageFinding> {
    const { policy } = this.comparison;
    const withoutCommitPolicy = { ...policy, provenance: withoutCommit(policy.provenance) };
    const report = await this.inspect(withoutCommitPolicy);
    const unmet = unmetOf(report, withoutCommitPolicy);
    if (unmet.some(({ status }) => status === 'unavailable')) return verdictOf(unmet);
    if (Object.keys(withoutCommitPolicy.provenance).length > 0 && unmet.length > 0)
      return verdictOf(unmet);
    const [found] = commitsOf(report.provenance);
    const status = 'not-from-this-commit';
    return found === undefined
      ? {
          status,
          reason: `no trusted provenance with a commit was found; expected commit ${commit}`,
        }
      : { status, commit: found, reason: `it is from commit ${found}; expected commit ${commit}` };
  }
}

/** Selects the result that counts if the same digest was checked in several repositories. */
function mostSevere(findings: readonly ImageFinding[]): ImageFinding {
  const first = (holds: (finding: ImageFinding) => boolean): ImageFinding | undefined =>
    findings.find(holds);
  return (
    first(({ status }) => status === 'match') ??
    // The image may be signed in that repository.
    first(({ status }) => status === 'check-failed') ??
    first(({ status }) => status !== 'gone') ??
    findings[0]!
  );
}

/** Audits one image in each repository that it may come from, until one is a match. */
export async function auditImage(
  image: Pinned,
  comparison: Comparison,
  client: RegistryClient,
): Promise<AuditedImage> {
  const findings: ImageFinding[] = [];
  for (const repository of image.repositories) {
    const finding = await new ImageAudit(image, repository, comparison, client).run();
    findings.push(finding);
    if (finding.status === 'match') break;
  }
  const { name, digest, containers } = image;
  return { image: name, digest, ...mostSevere(findings), containers };
}
