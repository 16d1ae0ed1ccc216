import type { ClusterAuditArgs } from '../audit';
import type { CommandContext } from './command';
import { type Options, type OptionValues, UsageError } from './options';
import { REPORT_OUTPUT_OPTION } from './report-output';
import { pair, POLICY_OPTIONS, policyFileOf, policyOf, textOf } from './verification-options';

const COMPARISON = 'Comparison';
const SCOPE = 'Scope';

/** The options of `audit cluster`. */
export const AUDIT_OPTIONS = {
  ...POLICY_OPTIONS,
  commit: {
    type: 'string',
    value: 'SHA',
    group: COMPARISON,
    about: 'required commit in the provenance of every image',
  },
  'stack-state': {
    type: 'string',
    value: 'FILE',
    isPath: true,
    group: COMPARISON,
    about: 'output of `pulumi stack export`; "-" for standard input',
  },
  namespace: {
    type: 'string',
    value: 'NAME',
    multiple: true,
    short: 'n',
    group: SCOPE,
    absent: 'all',
    about: 'namespace to audit',
  },
  context: {
    type: 'string',
    value: 'NAME',
    group: SCOPE,
    absent: 'the current context',
    about: 'context in kubeconfig',
  },
  kubeconfig: {
    type: 'string',
    value: 'FILE',
    isPath: true,
    group: SCOPE,
    about: 'path of kubeconfig',
  },
  exempt: {
    type: 'string',
    value: 'IMAGE=REASON',
    multiple: true,
    group: SCOPE,
    about: 'exempt images, for example registry.k8s.io/*',
  },
  'exempt-pod': {
    type: 'string',
    value: 'NAMESPACE/POD=REASON',
    multiple: true,
    group: SCOPE,
    about: 'exempt pods',
  },
  ...REPORT_OUTPUT_OPTION,
} as const satisfies Options;

type AuditOptions = OptionValues<typeof AUDIT_OPTIONS>;
/**
 * Creates the arguments of an audit from options and files.
 *
 * @throws UsageError, and SignedImageError `INPUT_INVALID` for files that cannot be read
 */
export async function auditArguments(
  options: AuditOptions,
  context: CommandContext,
): Promise<ClusterAuditArgs> {
  const { policy: policyPath, 'stack-state': statePath } = options;
  if (policyPath === '-' && statePath === '-') {
    throw new UsageError('only one of --policy and --stack-state can be "-"');
  }
  const file = await policyFileOf(options, context);
  const exemptImages = (options.exempt ?? []).map((each) => pair('exempt', each));
  const exemptPods = (options['exempt-pod'] ?? []).map((each) => pair('exempt-pod', each));
  return {
    policy: policyOf(options, file),
    namespaces: options.namespace ?? [],
    commit: options.commit,
    context: options.context,
    stackState:
      statePath === undefined ? undefined : await textOf('stack-state', statePath, context),
    exempt: [
      ...file.exempt,
      ...exemptImages.map(([image, reason]) => ({ image, reason })),
      ...exemptPods.map(([resource, reason]) => ({ resource, reason })),
    ],
  };
}
