import type { EntrySigner } from './entry-matcher';

/** An entry with one of our signers that no stack made. */
export interface LoggedFinding {
  readonly logIndex: number;
  /** Base64 of the log's id, as in log entries. */
  readonly logId: string;
  /** Id of the tree (Rekor v1), or origin of the log. */
  readonly tree: string;
  /** Hex of the hash of the leaf: the second part of an entry's UUID in Rekor v1. */
  readonly leafHash: string;
  /** Kind and version of the entry: `hashedrekord 0.0.2`. */
  readonly kind: string;
  readonly signer: EntrySigner;
  /** `sha256:` of what was signed. */
  readonly digests: readonly string[];
  /** Time that the log claims, RFC 3339; only Rekor v1 does. */
  readonly integratedTime?: string;
  /** SHA-256 of the certificate or key in the entry. */
  readonly fingerprint: string;
}

/** The end of a tree that was read. */
export interface AuditedHead {
  readonly tree: string;
  readonly size: number;
  /** Base64. */
  readonly root: string;
}

/** The report of an audit of a log. */
export interface LogAuditReport {
  /** URL of the log. */
  readonly log: string;
  /** Major version of its API. */
  readonly version: 1 | 2;
  /** RFC 3339. */
  readonly time: string;
  /** How entries were found: by reading all of them, or by the search index of Rekor v1. */
  readonly search: 'entries' | 'index';
  /** Where this run began; absent for the first run. */
  readonly from?: AuditedHead;
  /** The signed tree head up to which the log was read. */
  readonly to: AuditedHead;
  /** Entries that were read in this run. */
  readonly read: number;
  /** Entries that a limit left for the next run; absent without any. */
  readonly remaining?: number;
  /** Entries of our signers that stacks made, in this run. */
  readonly known: number;
  /** Entries of our signers that no stack made, of this run and earlier ones, by index. */
  readonly findings: readonly LoggedFinding[];
  /** Log indexes of entries that could not be parsed; at most 100. */
  readonly unparsed: readonly number[];
  /** Notes that are not findings. */
  readonly notes: readonly string[];
}

export type LogAuditOutcome = 'clean' | 'findings' | 'incomplete';

/** Findings take precedence over entries that could not be parsed, or were not read yet. */
export function logOutcomeOf({
  findings,
  unparsed,
  remaining = 0,
}: LogAuditReport): LogAuditOutcome {
  if (findings.length > 0) return 'findings';
  return unparsed.length > 0 || remaining > 0 ? 'incomplete' : 'clean';
}

/** Formats the report as JSON, with its outcome. */
export function logAuditJson(report: LogAuditReport): string {
  return JSON.stringify({ outcome: logOutcomeOf(report), ...report }, undefined, 2);
}
