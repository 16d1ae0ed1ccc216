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
export { auditLog, type LogAuditArgs, type LogAuditHost } from './log/audit-log';
export { checkpointFile } from './log/checkpoint-file';
export type { EntrySigner } from './log/entry-matcher';
export type { CheckpointStore } from './log/log-checkpoint';
export type { LogProgress } from './log/log-follower';
export {
  type AuditedHead,
  logAuditJson,
  type LogAuditOutcome,
  type LogAuditReport,
  type LoggedFinding,
  logOutcomeOf,
} from './log/log-report';
export { createProgressLine, progressText } from './log/log-progress';
export { logAuditSarif } from './log/log-sarif';
export { logAuditText } from './log/log-text';
export { rekorMonitorConfig } from './log/monitor-config';
export { loadAuditedSigners } from './log/audited-signers';
