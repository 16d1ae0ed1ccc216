import { SignedImageError } from '../error';
import type { RegistryClient, Repository } from '../oci';
import {
  inspectImage,
  type ProvenanceExpectation,
  type VerificationPolicy,
  type VerificationReport,
} from '../verify';
import type { AuditedImage, AuditedLogEntry } from './audit-report';
import { lacksProvenanceOnly, unmetOf, verdictOf } from './image-verdict';
import type { RunningImage } from './running-image';
import { commitsOf, stackImageOf, type StackState } from './stack-state';

/** What images are compared with. */
export interface Comparison {
  readonly policy: VerificationPolicy;
  /** The commit that all of them must be from. Default: the one that the stack's state has for each. */
  readonly commit: string | undefined;
  /** Default: any verified image will do. */
  readonly stack: StackState | undefined;
}

type Pinned = Extract<RunningImage, { readonly kind: 'pinned' }>;
/** All but where it runs. */
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
  const stranger = logEntries.length > 0 && logEntries.every(({ inState }) => inState === false);
  return {
    status: 'match',
    ...(report.signer && { signer: report.signer }),
    ...(logEntries.length > 0 && { logEntries }),
    ...(commit !== undefined && { commit }),
    ...(stranger && {
      notes: ['the log entry of its signature is none that the state of the stack knows'],
    }),
  };
}

/** Only what cannot be read is an answer; a policy that cannot be checked is an error. */
function unread(error: unknown): ImageFinding {
  if (!(error instanceof SignedImageError)) throw error;
  if (error.code === 'REGISTRY_NOT_FOUND') return { status: 'gone', reason: error.message };
  if (!/^(REGISTRY|CREDENTIALS|CONTENT)_/.test(error.code)) throw error;
  return { status: 'could-not-look', reason: error.message };
}

class ImageAudit {
  constructor(
    private readonly image: Pinned,
    private readonly repository: Repository,
    private readonly comparison: Comparison,
    private readonly client: RegistryClient,
  ) {}

  async take(): Promise<ImageFinding> {
    const { policy, stack } = this.comparison;
    const known = stackImageOf(stack, this.image.digest);
    const commit = this.comparison.commit ?? policy.provenance?.commit ?? known?.commit;
    const asked =
      commit === undefined ? policy : { ...policy, provenance: { ...policy.provenance, commit } };
    try {
      const report = await this.inspect(asked);
      const unmet = unmetOf(report, asked);
      const facts = factsOf(report, stack);
      if (commit !== undefined && lacksProvenanceOnly(unmet)) {
        return { ...facts, ...(await this.otherCommit(commit)) };
      }
      const verdict = { ...facts, ...verdictOf(unmet) };
      if (verdict.status !== 'match' || stack === undefined) return verdict;
      return known === undefined
        ? { ...verdict, status: 'not-in-stack', reason: 'the state of the stack has no such image' }
        : { ...verdict, resource: known.name };
    } catch (error) {
      return unread(error);
    }
  }

  private inspect(policy: VerificationPolicy): Promise<VerificationReport> {
    return inspectImage(this.repository, this.image.digest, policy, this.client);
  }

  /** It is signed as asked; whether its provenance is wrong in the commit only is seen without it. */
  private async otherCommit(commit: string): Promise<ImageFinding> {
    const { policy } = this.comparison;
    const others = { ...policy, provenance: withoutCommit(policy.provenance) };
    const report = await this.inspect(others);
    const unmet = unmetOf(report, others);
    if (unmet.some(({ part }) => part.status === 'unavailable')) return verdictOf(unmet);
    if (Object.keys(others.provenance).length > 0 && unmet.length > 0) return verdictOf(unmet);
    const [found] = commitsOf(report.provenance);
    const status = 'not-from-this-commit';
    return found === undefined
      ? {
          status,
          reason: `no trusted provenance says from which commit it is; ${commit} is expected`,
        }
      : { status, commit: found, reason: `it is from commit ${found}, and ${commit} is expected` };
  }
}

/** What counts where the same bytes are looked for in several places. */
function mostSevere(looks: readonly ImageFinding[]): ImageFinding {
  const first = (holds: (look: ImageFinding) => boolean): ImageFinding | undefined =>
    looks.find(holds);
  return (
    first(({ status }) => status === 'match') ??
    // There it may be signed.
    first(({ status }) => status === 'could-not-look') ??
    first(({ status }) => status !== 'gone') ??
    looks[0]!
  );
}

/** Looks at one image, in each place that it may be from until one is a match. */
export async function auditImage(
  image: Pinned,
  comparison: Comparison,
  client: RegistryClient,
): Promise<AuditedImage> {
  const looks: ImageFinding[] = [];
  for (const repository of image.repositories) {
    const look = await new ImageAudit(image, repository, comparison, client).take();
    looks.push(look);
    if (look.status === 'match') break;
  }
  const { name, digest, containers } = image;
  return { image: name, digest, ...mostSevere(looks), containers };
}
