import { type AuditReport, countsOf, outcomeOf } from './audit-report';

/** For programs: the whole report, with its outcome and the number of images of each status. */
export function auditJson(report: AuditReport): string {
  const summary = Object.fromEntries(countsOf(report));
  return JSON.stringify({ outcome: outcomeOf(report), summary, ...report }, undefined, 2);
}
