import type { ErrorCode } from '../error';
import {
  type PartReport,
  type PartStatus,
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

/** Something that the policy requires and that was not found. */
export interface Unmet {
  readonly purpose: PartReport['purpose'];
  /** What it is, with its platform. */
  readonly what: string;
  readonly status: PartStatus;
  readonly code?: ErrorCode;
  readonly reason?: string;
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

/** Returns everything that the policy requires and the report does not have. */
export function unmetOf(report: VerificationReport, policy: VerificationPolicy): readonly Unmet[] {
  const parts = report.manifests.flatMap((manifest) => {
    const where = manifest.platform === undefined ? '' : `${manifest.platform}: `;
    return unmetParts(manifest, policy).map(({ purpose, format, ...part }): Unmet => ({
      ...part,
      purpose,
      what: `${where}${purpose} (${format})`,
    }));
  });
  const requirements = (report.requirements ?? [])
    .filter(({ status }) => status !== 'present')
    .map(({ name, predicateType, ...requirement }): Unmet => {
      const purpose = predicateType === undefined ? 'signature' : 'attestation';
      return { ...requirement, purpose, what: `requirement ${name}` };
    });
  return [...parts, ...requirements];
}

function line({ what, reason, status }: Unmet): string {
  return `${what}: ${reason ?? status}`;
}

function reasonOf(unmet: readonly Unmet[]): string {
  const lines = [...new Set(unmet.map(line))];
  const more = lines.length - MAX_REASONS;
  return [...lines.slice(0, MAX_REASONS), ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}

/** Converts missing parts to a status. A failed check takes precedence, because the part may exist. */
export function verdictOf(unmet: readonly Unmet[]): Verdict {
  if (unmet.length === 0) return { status: 'match' };
  const unread = unmet.filter(({ status }) => status === 'unavailable');
  if (unread.length > 0) return { status: 'check-failed', reason: reasonOf(unread) };
  const signatures = unmet.filter(({ purpose }) => purpose === 'signature');
  // The signature is valid, but required provenance or attestations are missing.
  if (signatures.length === 0) return { status: 'policy-not-met', reason: reasonOf(unmet) };
  const codes = signatures.map(({ code }) => code);
  const called = STATUS_BY_CODE.find(([code]) => codes.includes(code));
  return { status: called?.[1] ?? 'policy-not-met', reason: reasonOf(signatures) };
}

/** Whether the signatures meet the policy, and only the provenance does not. */
export function lacksProvenanceOnly(unmet: readonly Unmet[]): boolean {
  return (
    unmet.length > 0 &&
    unmet.every(({ purpose, status }) => purpose === 'provenance' && status !== 'unavailable')
  );
}
