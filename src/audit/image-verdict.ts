import type { ErrorCode } from '../error';
import {
  type PartReport,
  unmetParts,
  type VerificationPolicy,
  type VerificationReport,
} from '../verify';
import type { AuditStatus } from './audit-report';

/** A status, and the reason if it is not a match. */
export interface Verdict {
  readonly status: AuditStatus;
  readonly reason?: string;
}

/** A part that the policy requires and that was not found. */
export interface Unmet {
  readonly platform: string | undefined;
  readonly part: PartReport;
}

/**
 * The status for each error code, most specific first: the more checks a signature passed, the more is
 * known about the image. With several formats or platforms, the first match in this list is used.
 */
const STATUS_BY_CODE: readonly (readonly [ErrorCode, AuditStatus])[] = [
  ['VERIFY_ANNOTATION_MISMATCH', 'policy-not-met'],
  ['VERIFY_LOG_MISSING', 'not-in-log'],
  ['VERIFY_SIGNER_MISMATCH', 'signed-by-another'],
  ['VERIFY_SIGNATURE_INVALID', 'invalid-signature'],
  ['VERIFY_UNSIGNED', 'not-signed'],
];

const MAX_REASONS = 4;

/** Returns all parts that the policy requires and the report does not have. */
export function unmetOf(report: VerificationReport, policy: VerificationPolicy): readonly Unmet[] {
  return report.manifests.flatMap((manifest) =>
    unmetParts(manifest, policy).map((part) => ({ platform: manifest.platform, part })),
  );
}

function line({ platform, part }: Unmet): string {
  const where = platform === undefined ? '' : `${platform}: `;
  return `${where}${part.purpose} (${part.format}): ${part.reason ?? part.status}`;
}

function reasonOf(unmet: readonly Unmet[]): string {
  const lines = [...new Set(unmet.map(line))];
  const more = lines.length - MAX_REASONS;
  return [...lines.slice(0, MAX_REASONS), ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}

/** Converts missing parts to a status. A failed check takes precedence, because the part may exist. */
export function verdictOf(unmet: readonly Unmet[]): Verdict {
  if (unmet.length === 0) return { status: 'match' };
  const unread = unmet.filter(({ part }) => part.status === 'unavailable');
  if (unread.length > 0) return { status: 'check-failed', reason: reasonOf(unread) };
  const signatures = unmet.filter(({ part }) => part.purpose === 'signature');
  // The signature is valid, but the required provenance is missing.
  if (signatures.length === 0) return { status: 'policy-not-met', reason: reasonOf(unmet) };
  const codes = signatures.map(({ part }) => part.code);
  const called = STATUS_BY_CODE.find(([code]) => codes.includes(code));
  return { status: called?.[1] ?? 'policy-not-met', reason: reasonOf(signatures) };
}

/** Whether the signatures meet the policy, and only the provenance does not. */
export function lacksProvenanceOnly(unmet: readonly Unmet[]): boolean {
  return (
    unmet.length > 0 &&
    unmet.every(({ part }) => part.purpose === 'provenance' && part.status !== 'unavailable')
  );
}
