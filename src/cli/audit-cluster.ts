import type { AuditOutcome } from '../audit';
import { AUDIT_OPTIONS, auditArguments } from './audit-arguments';
import { type CommandContext, defineCommand } from './command';
import { EXIT } from './exit-codes';
import { limitHeapGrowth } from '../host/heap-growth';
import { modules } from './modules';

const EXIT_OF: Readonly<Record<AuditOutcome, number>> = {
  clean: EXIT.done,
  findings: EXIT.failed,
  incomplete: EXIT.incomplete,
};

function withKubeconfig(
  { host, ...context }: CommandContext,
  kubeconfig: string | undefined,
): CommandContext {
  if (kubeconfig === undefined) return { host, ...context };
  return { ...context, host: { ...host, env: { ...host.env, KUBECONFIG: kubeconfig } } };
}

/** `signed-image audit cluster`. */
export const auditCluster = defineCommand({
  words: ['audit', 'cluster'],
  summary: 'verify every image that runs in a cluster',
  about: `Reads the image ids of all containers of a cluster (from kubeconfig, or the cluster in which this command runs as a pod), verifies each image once, and reports images that do not meet the policy. It changes nothing; \`signed-image audit rbac\` prints the role that it requires.`,
  options: AUDIT_OPTIONS,
  sections: async () => [
    {
      title: 'Exit codes',
      lines: [
        '0  all images match',
        '1  findings; they take precedence over failed checks',
        '2  the command line cannot be used',
        '3  some images could not be checked, or no container was found',
      ],
    },
  ],
  async run({ values }, commandContext) {
    const context = withKubeconfig(commandContext, values.kubeconfig);
    const audit = modules.audit();
    // Pages of pods and verifications are garbage soon; by default the heap grows to several times what lives.
    limitHeapGrowth();
    const report = await audit.auditCluster(await auditArguments(values, context), {
      host: context.host,
      outage: { onWait: (message) => context.terminal.printError(message) },
    });
    const format = { text: audit.auditText, json: audit.auditJson, sarif: audit.auditSarif };
    context.terminal.print(format[values.output as keyof typeof format](report));
    return EXIT_OF[audit.outcomeOf(report)];
  },
  failureCode: EXIT.incomplete,
});
