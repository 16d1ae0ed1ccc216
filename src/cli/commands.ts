import { auditCluster } from './audit-cluster';
import { auditRbac } from './audit-rbac';
import type { Command } from './command';
import { completionCommand } from './completion/completion';
import { keysGenerate, keysPublic } from './keys';
import { report } from './report';
import {
  policyController,
  policyFlux,
  policyKyverno,
  policyKyvernoClusterPolicy,
  policyVap,
} from './policy';

/** All commands, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  keysGenerate,
  keysPublic,
  auditCluster,
  auditRbac,
  report,
  policyVap,
  policyKyverno,
  policyKyvernoClusterPolicy,
  policyController,
  policyFlux,
  completionCommand(() => COMMANDS),
];
