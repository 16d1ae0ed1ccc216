export { auditLog, type LogAuditArgs, type LogAuditHost } from './audit-log';
export { checkpointFile } from './checkpoint-file';
export type { EntrySigner } from './entry-matcher';
export type { CheckpointStore } from './log-checkpoint';
export type { LogProgress } from './log-follower';
export {
  type AuditedHead,
  logAuditJson,
  type LogAuditOutcome,
  type LogAuditReport,
  type LoggedFinding,
  logOutcomeOf,
} from './log-report';
export { createProgressLine, progressText } from './log-progress';
export { logAuditSarif } from './log-sarif';
export { logAuditText } from './log-text';
export { rekorMonitorConfig } from './monitor-config';
export { loadAuditedSigners } from './audited-signers';
