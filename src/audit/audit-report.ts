import type { RunningContainer } from './running-container';
import type { Digest } from '../oci';
import type { LogEntry, SignerDescription } from '../sign';

/** Audit statuses of a running image, from best to worst. */
export const AUDIT_STATUSES = [
  /** The image meets the policy, and is in the stack if a stack is compared. */
  'match',
  /** The image is exempt with a reason, and was not verified. */
  'exempt',
  /** The container has not started: the node has not reported an image id. */
  'not-started',
  'not-signed',
  'signed-by-another',
  /** A signature does not verify, or was made by an unknown key. */
  'invalid-signature',
  /** The signature lacks the log entry or the timestamp that the policy requires. */
  'not-in-log',
  /** The image is signed by a trusted signer, but annotations or provenance do not meet the policy. */
  'policy-not-met',
  'not-from-this-commit',
  /** The image is verified, but is not in the state of the stack. */
  'not-in-stack',
  /** The registry no longer has the image. */
  'gone',
  /** The node does not report which image it is. */
  'unknown-image',
  /** The check failed, for example because the registry could not be reached. */
  'check-failed',
] as const;

export type AuditStatus = (typeof AUDIT_STATUSES)[number];

const PASSING: readonly AuditStatus[] = ['match', 'exempt', 'not-started'];

/** Whether a status is a finding. */
export function isFinding(status: AuditStatus): boolean {
  return status !== 'check-failed' && !PASSING.includes(status);
}

/** A transparency log entry of the verified signature. */
export interface AuditedLogEntry extends LogEntry {
  /** Whether the stack's state has this entry; absent if the state has no entries for this manifest. */
  readonly inState?: boolean;
}

/** The result for one distinct image. */
export interface AuditedImage {
  /** `host/repo@sha256:...`; if it is not known, the image in the pod specification. */
  readonly image: string;
  readonly digest?: Digest;
  readonly status: AuditStatus;
  /** Why the image is not a match; for an exemption, its reason. */
  readonly reason?: string;
  readonly signer?: SignerDescription;
  readonly logEntries?: readonly AuditedLogEntry[];
  /** Commit in the verified provenance, if provenance was verified. */
  readonly commit?: string;
  /** Name of the resource in the stack that verified the image. */
  readonly resource?: string;
  /** Notes that are not findings. */
  readonly notes?: readonly string[];
  readonly containers: readonly RunningContainer[];
}

/** The report of an audit. */
export interface AuditReport {
  /** Address of the API server. */
  readonly server: string;
  /** Audited namespaces; empty for all. */
  readonly namespaces: readonly string[];
  /** Time at which the pods were listed, RFC 3339. */
  readonly time: string;
  /** Sorted by status, worst first, then by name. */
  readonly images: readonly AuditedImage[];
  /** References of the stack's images that no container runs. */
  readonly notRunning: readonly string[];
}

export type AuditOutcome = 'clean' | 'findings' | 'incomplete';

/** Findings take precedence over failed checks. An audit without any container is incomplete. */
export function outcomeOf({ images }: AuditReport): AuditOutcome {
  if (images.some(({ status }) => isFinding(status))) return 'findings';
  const isIncomplete =
    images.length === 0 || images.some(({ status }) => status === 'check-failed');
  return isIncomplete ? 'incomplete' : 'clean';
}

/** Counts the images by status, without statuses that do not occur. */
export function countsOf({ images }: AuditReport): ReadonlyMap<AuditStatus, number> {
  const count = (status: AuditStatus): number =>
    images.filter((image) => image.status === status).length;
  return new Map(
    AUDIT_STATUSES.map((status) => [status, count(status)] as const).filter(([, n]) => n > 0),
  );
}

/** Formats the report as JSON, with its outcome and the number of images for each status. */
export function auditJson(report: AuditReport): string {
  const summary = Object.fromEntries(countsOf(report));
  return JSON.stringify({ outcome: outcomeOf(report), summary, ...report }, undefined, 2);
}
