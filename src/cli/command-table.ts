import { auditCluster } from './audit-cluster';
import { auditRbac } from './audit-rbac';
import type { Command } from './command';
import { keysGenerate } from './keys-generate';
import { keysPublic } from './keys-public';
import {
  policyController,
  policyFlux,
  policyKyverno,
  policyKyvernoClusterPolicy,
  policyVap,
} from './policy';

/** All subcommands, in the order in which help lists them. */
export const COMMANDS: readonly Command[] = [
  keysGenerate,
  keysPublic,
  auditCluster,
  auditRbac,
  policyVap,
  policyKyverno,
  policyKyvernoClusterPolicy,
  policyController,
  policyFlux,
];
