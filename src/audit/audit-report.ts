import type { RunningContainer } from './running-container';
import type { Digest } from '../oci';
import type { LogEntry, SignerDescription } from '../sign';

/** What was found of an image that runs, the best first. */
export const AUDIT_STATUSES = [
  /** It meets the policy, and is the stack's where a stack is compared with. */
  'match',
  /** It is let through for a reason, and was not looked at. */
  'exempt',
  /** Nothing runs yet: the node has not said what it pulled. */
  'not-started',
  'not-signed',
  'signed-by-another',
  /** A signature that does not verify, or an unknown key's that bears no name. */
  'invalid-signature',
  /** It is signed, and lacks the entry or the timestamp that the policy asks for. */
  'not-in-log',
  /** It is signed by a trusted signer, and says something else than the policy asks for. */
  'policy-not-met',
  'not-from-this-commit',
  /** It is verified, and the stack knows nothing of it. */
  'not-in-stack',
  /** The registry has it no longer. */
  'gone',
  /** The node does not say which image it is. */
  'unknown-image',
  'could-not-look',
] as const;

export type AuditStatus = (typeof AUDIT_STATUSES)[number];

const FINE: readonly AuditStatus[] = ['match', 'exempt', 'not-started'];

/** Whether something is wrong with what runs. */
export function isFinding(status: AuditStatus): boolean {
  return status !== 'could-not-look' && !FINE.includes(status);
}

/** An entry of the transparency log that the verified signature carries. */
export interface AuditedLogEntry extends LogEntry {
  /** Whether the stack's state has it; absent where the state has none for this manifest. */
  readonly inState?: boolean;
}

/** What was found of one distinct image. */
export interface AuditedImage {
  /** `host/repo@sha256:...`; where that is not known, what the pods' specifications say. */
  readonly image: string;
  readonly digest?: Digest;
  readonly status: AuditStatus;
  /** Why it is not a match; for an exemption, its reason. */
  readonly reason?: string;
  readonly signer?: SignerDescription;
  readonly logEntries?: readonly AuditedLogEntry[];
  /** Of the verified provenance, where it was looked at. */
  readonly commit?: string;
  /** Name of the stack's resource that verified it. */
  readonly resource?: string;
  /** Worth knowing, and no finding. */
  readonly notes?: readonly string[];
  readonly containers: readonly RunningContainer[];
}

/** What an audit found. */
export interface AuditReport {
  /** Address of the API server. */
  readonly server: string;
  /** Empty: all. */
  readonly namespaces: readonly string[];
  /** When the pods were listed, RFC 3339. */
  readonly time: string;
  /** The worst first, then by name. */
  readonly images: readonly AuditedImage[];
  /** References of the stack's images that no container runs. */
  readonly notRunning: readonly string[];
}

export type AuditOutcome = 'clean' | 'findings' | 'incomplete';

/** Findings count before what could not be looked at. An audit that saw no container is incomplete. */
export function outcomeOf({ images }: AuditReport): AuditOutcome {
  if (images.some(({ status }) => isFinding(status))) return 'findings';
  const blind = images.length === 0 || images.some(({ status }) => status === 'could-not-look');
  return blind ? 'incomplete' : 'clean';
}

/** How many images have each status; those that none has are left out. */
export function countsOf({ images }: AuditReport): ReadonlyMap<AuditStatus, number> {
  const count = (status: AuditStatus): number =>
    images.filter((image) => image.status === status).length;
  return new Map(
    AUDIT_STATUSES.map((status) => [status, count(status)] as const).filter(([, n]) => n > 0),
  );
}

/** For programs: the whole report, with its outcome and the number of images of each status. */
export function auditJson(report: AuditReport): string {
  const summary = Object.fromEntries(countsOf(report));
  return JSON.stringify({ outcome: outcomeOf(report), summary, ...report }, undefined, 2);
}
