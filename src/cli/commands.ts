import { attest } from './attest';
import { auditCluster } from './audit-cluster';
import { auditLog } from './audit-log';
import { auditRbac } from './audit-rbac';
import type { Command } from './command';
import { completionCommand } from './completion/completion';
import { copy } from './copy';
import { exportCommand } from './export';
import { keysGenerate, keysPublic } from './keys';
import { sign } from './sign';
import { tree } from './tree';
import { verify } from './verify';
import { report } from './report';
import {
  policyController,
  policyFlux,
  policyKyverno,
  policyKyvernoClusterPolicy,
  policyVap,
} from './policy';
import { policyMonitor } from './policy-monitor';

/** All commands, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  sign,
  attest,
  verify,
  tree,
  copy,
  exportCommand,
  keysGenerate,
  keysPublic,
  auditCluster,
  auditLog,
  auditRbac,
  report,
  policyVap,
  policyKyverno,
  policyKyvernoClusterPolicy,
  policyController,
  policyFlux,
  policyMonitor,
  completionCommand(() => COMMANDS),
];
