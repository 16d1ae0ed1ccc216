import type { ErrorCode } from '../error';
import {
  type PartReport,
  unmetParts,
  type VerificationPolicy,
  type VerificationReport,
} from '../verify';
import type { AuditStatus } from './audit-report';

/** A status, and why it is not a match. */
export interface Verdict {
  readonly status: AuditStatus;
  readonly reason?: string;
}

/** Something that the policy asks for, and that was not found. */
export interface Unmet {
  readonly platform: string | undefined;
  readonly part: PartReport;
}

/**
 * What each failure is called here, the most telling first: the further a signature came, the more
 * is known of the image. With several formats or platforms the first of the list counts.
 */
const CALLED: readonly (readonly [ErrorCode, AuditStatus])[] = [
  ['VERIFY_ANNOTATION_MISMATCH', 'policy-not-met'],
  ['VERIFY_LOG_MISSING', 'not-in-log'],
  ['VERIFY_SIGNER_MISMATCH', 'signed-by-another'],
  ['VERIFY_SIGNATURE_INVALID', 'invalid-signature'],
  ['VERIFY_UNSIGNED', 'not-signed'],
];

const SHOWN = 4;

/** All of a report that the policy asks for and that is not there. */
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
  const more = lines.length - SHOWN;
  return [...lines.slice(0, SHOWN), ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}

/** What it means that these are not there. "Could not look" comes first: it may be all right. */
export function verdictOf(unmet: readonly Unmet[]): Verdict {
  if (unmet.length === 0) return { status: 'match' };
  const unread = unmet.filter(({ part }) => part.status === 'unavailable');
  if (unread.length > 0) return { status: 'could-not-look', reason: reasonOf(unread) };
  const signatures = unmet.filter(({ part }) => part.purpose === 'signature');
  // Of a good signature without the provenance that is asked for.
  if (signatures.length === 0) return { status: 'policy-not-met', reason: reasonOf(unmet) };
  const codes = signatures.map(({ part }) => part.code);
  const called = CALLED.find(([code]) => codes.includes(code));
  return { status: called?.[1] ?? 'policy-not-met', reason: reasonOf(signatures) };
}

/** Whether it is signed as asked, and only what its provenance says is not. */
export function lacksProvenanceOnly(unmet: readonly Unmet[]): boolean {
  return (
    unmet.length > 0 &&
    unmet.every(({ part }) => part.purpose === 'provenance' && part.status !== 'unavailable')
  );
}
