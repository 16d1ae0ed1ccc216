import { SignedImageError } from '../error';
import type { AuditedImageFacts, AuditFacts } from './audit-export';
import { parseAuditExport } from './audit-export';
import { defined } from './image-facts';
import {
  IMAGE_STATUSES,
  type ImageStatus,
  type Report,
  type ReportedImage,
  type ReportedProblem,
  type ReportOutcome,
} from './model';
import { nameOfUrn, parseStackExport, type StackExport } from './stack-export';
import { imagesOfStack, statusOf } from './stack-images';

/** The texts from which a report is created; at least one of them. */
export interface ReportInputs {
  /** Output of `pulumi stack export`, or a state file. */
  readonly stackState?: string | undefined;
  /** Output of `signed-image audit cluster --output json`. */
  readonly clusterAudit?: string | undefined;
  readonly now: Date;
}

/** Statuses of an audit that are not findings (`src/audit/audit-report.ts`; a test compares both). */
const PASSING: readonly string[] = ['match', 'exempt', 'not-started'];

/** Returns the problem that follows from the audit status of an image; none if it passed. */
export function auditProblem({
  status,
  reason,
}: Pick<AuditedImageFacts, 'status' | 'reason'>): ReportedProblem | undefined {
  if (PASSING.includes(status)) return undefined;
  const kind = status === 'check-failed' ? 'incomplete' : 'problem';
  const what = `cluster audit: ${statusLabel(status)}`;
  return { kind, message: reason === undefined ? what : `${what}: ${reason}` };
}

/** Formats a status: `not-in-log` as `not in log`. */
export function statusLabel(status: string): string {
  return status.replaceAll('-', ' ');
}

function auditedStatus(audited: AuditedImageFacts, problems: readonly ReportedProblem[]) {
  if (problems.length > 0) return statusOf(problems);
  // A container that has not started runs nothing that could be verified.
  return audited.status === 'match' ? 'verified' : 'exempt';
}

/** An image that only the audit has. */
function ofAudit(audited: AuditedImageFacts): ReportedImage {
  const found = auditProblem(audited);
  const problems = found ? [found] : [];
  const { image, digest, signer, commit, logEntries } = audited;
  return {
    ...defined<Pick<ReportedImage, 'digest' | 'signer'>>({ digest, signer }),
    image,
    status: auditedStatus(audited, problems),
    problems,
    notes: audited.notes,
    source: defined<ReportedImage['source']>({ commit }),
    build: {},
    annotations: {},
    manifests: [],
    logEntries,
    audit: auditOf(audited),
    workloads: containersOf(audited),
  };
}

function auditOf({
  status,
  reason,
  notes,
}: AuditedImageFacts): NonNullable<ReportedImage['audit']> {
  return { status, notes, ...(reason !== undefined && { reason }) };
}

function containersOf({ containers }: AuditedImageFacts): ReportedImage['workloads'] {
  return containers.map((name) => ({ kind: 'container', name }));
}

/** Adds the result of an audit to an image of the stack. */
function merged(image: ReportedImage, audited: readonly AuditedImageFacts[]): ReportedImage {
  const found = audited.flatMap((each) => auditProblem(each) ?? []);
  const problems = [...image.problems, ...found];
  const [first] = audited;
  const inState = new Map(
    audited.flatMap((each) => each.logEntries.map((entry) => [entryKey(entry), entry.inState])),
  );
  return {
    ...image,
    status: statusOf(problems),
    problems,
    notes: [...image.notes, ...new Set(audited.flatMap(({ notes }) => notes))],
    logEntries: image.logEntries.map((entry) => {
      const known = inState.get(entryKey(entry));
      return known === undefined ? entry : { ...entry, inState: known };
    }),
    ...(first && { audit: auditOf(worstOf(audited)) }),
    workloads: [...image.workloads, ...audited.flatMap(containersOf)],
  };
}

const entryKey = ({ logId, logIndex }: { readonly logId: string; readonly logIndex: string }) =>
  `${logId} ${logIndex}`;

function worstOf(audited: readonly AuditedImageFacts[]): AuditedImageFacts {
  return audited.find((each) => auditProblem(each) !== undefined) ?? audited[0]!;
}

function mergeAudit(
  images: readonly ReportedImage[],
  { images: audited }: AuditFacts,
): readonly ReportedImage[] {
  const used = new Set<AuditedImageFacts>();
  const combined = images.map((image) => {
    const digests = new Set([image.digest, ...image.manifests.map(({ digest }) => digest)]);
    const same = audited.filter((each) => each.digest !== undefined && digests.has(each.digest));
    for (const each of same) used.add(each);
    return same.length > 0 ? merged(image, same) : image;
  });
  return [...combined, ...audited.filter((each) => !used.has(each)).map(ofAudit)];
}

function worstFirst(a: ReportedImage, b: ReportedImage): number {
  const rank = ({ status }: ReportedImage): number => IMAGE_STATUSES.indexOf(status);
  const name = (image: ReportedImage): string => image.name ?? image.image;
  return rank(a) - rank(b) || (name(a) < name(b) ? -1 : Number(name(a) > name(b)));
}

/** A problem takes precedence over a failed check. A report without any image is incomplete. */
function outcomeOf(images: readonly ReportedImage[]): ReportOutcome {
  const has = (status: ImageStatus): boolean => images.some((each) => each.status === status);
  if (has('problem')) return 'problems';
  return images.length === 0 || has('incomplete') ? 'incomplete' : 'clean';
}

function notesOf(stack: StackExport | undefined, audit: AuditFacts | undefined): string[] {
  const interrupted = (stack?.interrupted ?? []).map(
    (urn) =>
      `an operation on ${nameOfUrn(urn)} was interrupted; run \`pulumi refresh\`, then \`pulumi up\``,
  );
  const idle = (audit?.notRunning ?? []).map((image) => `in the stack, but not running: ${image}`);
  return [...interrupted, ...idle];
}

/**
 * Creates a report from the state of a stack, from a cluster audit, or from both. It reads no registry: it
 * reports what the update, the refresh and the audit verified.
 *
 * @throws SignedImageError `INPUT_INVALID` if a text has another format, or if both are absent
 */
export function createReport({ stackState, clusterAudit, now }: ReportInputs): Report {
  if (stackState === undefined && clusterAudit === undefined) {
    throw new SignedImageError({
      code: 'INPUT_INVALID',
      message: 'a report requires the state of a stack, a cluster audit, or both',
    });
  }
  const stack = stackState === undefined ? undefined : parseStackExport(stackState);
  const audit = clusterAudit === undefined ? undefined : parseAuditExport(clusterAudit);
  const ofStack = stack === undefined ? [] : imagesOfStack(stack);
  const images = [...(audit ? mergeAudit(ofStack, audit) : ofStack)].sort(worstFirst);
  return {
    version: 1,
    created: now.toISOString(),
    outcome: outcomeOf(images),
    ...(stack && { stack: defined({ name: stack.name, time: stack.time }) }),
    ...(audit && {
      cluster: { server: audit.server, namespaces: audit.namespaces, time: audit.time },
    }),
    images,
    notes: notesOf(stack, audit),
  };
}

/** Formats a report as JSON. */
export function reportJson(report: Report): string {
  return JSON.stringify(report, undefined, 2);
}
