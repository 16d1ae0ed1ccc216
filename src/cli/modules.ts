import type * as auditModule from '../audit';
import type * as coreModule from '../core';
import type * as exportModule from '../export';
import type * as generatorsModule from '../enforce/admission/generators';
import type * as logAuditModule from '../log-audit';
import type * as reportModule from '../report';
import type * as signModule from '../sign';

/** The modules behind the commands, each loaded when a command runs: together they take half a second. */
export const modules = {
  sign: () => require('../sign') as typeof signModule,
  audit: () => require('../audit') as typeof auditModule,
  logAudit: () => require('../log-audit') as typeof logAuditModule,
  core: () => require('../core') as typeof coreModule,
  export: () => require('../export') as typeof exportModule,
  report: () => require('../report') as typeof reportModule,
  policyGenerators: () => require('../enforce/admission/generators') as typeof generatorsModule,
} as const;
