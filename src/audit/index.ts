export {
  AUDIT_STATUSES,
  type AuditedImage,
  type AuditedLogEntry,
  type AuditOutcome,
  type AuditReport,
  type AuditStatus,
  outcomeOf,
} from './audit-report';
export type { OutagePatience } from './audit-run';
export { auditCluster, type ClusterAuditArgs, type ClusterAuditHost } from './cluster-audit';
export { openPodApi, type PodApiOptions } from './pod-api';
export type { VerificationPolicyArgs } from '../core/policy-args';
export { parsePolicyFile, type PolicyFile } from './policy-file';
export { auditRbac, type AuditRbacOptions, auditRbacYaml, type RbacObject } from './rbac';
export { auditJson } from './audit-report';
export { auditSarif } from './report-sarif';
export { auditText } from './report-text';
export type { ContainerKind, ContainerSource, RunningContainer } from './running-container';
