import {
  auditCluster as runAudit,
  auditJson,
  auditSarif,
  auditText,
  type AuditOutcome,
  type AuditReport,
  outcomeOf,
} from '../audit';
import { AUDIT_OPTIONS, auditArguments } from './audit-arguments';
import { type Command, type CommandContext, UsageError } from './command';
import { EXIT } from './exit-codes';
import { parseOptions } from './options';

const FORMATTERS: Readonly<Record<string, (report: AuditReport) => string>> = {
  text: auditText,
  json: auditJson,
  sarif: auditSarif,
};

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
export const auditCluster: Command = {
  words: ['audit', 'cluster'],
  summary: 'verify every image that runs in a cluster',
  help: `Usage: signed-image audit cluster [OPTIONS]

Reads the image ids of all containers of a cluster (from kubeconfig, or the cluster in which
this command runs as a pod), verifies each image once, and reports images that do not meet
the policy. It changes nothing; \`signed-image audit rbac\` prints the role that it requires.

Policy (at least one key or identity):
  --key REF                    public key: a path, or a reference as in key.ref
  --identity NAME --issuer URL keyless signer, both match exactly
  --annotation NAME=VALUE      required signed annotation
  --transparency MODE          log, timestamp or none
  --signature-format FORMAT    any, bundle, legacy or both (default: any)
  --builder-id URI             required builder in the signed provenance
  --trusted-root FILE          trusted root of a private Sigstore instance
  --no-platforms               do not require signatures of platform manifests
  --policy FILE                policy as JSON, with the inputs of VerifiedImage

Comparison:
  --commit SHA                 required commit in the provenance of every image
  --stack-state FILE           output of \`pulumi stack export\`; "-" for standard input

Scope:
  -n, --namespace NAME         namespace to audit (default: all)
  --context NAME               context in kubeconfig (default: the current context)
  --kubeconfig FILE            path of kubeconfig
  --exempt IMAGE=REASON        exempt images, for example registry.k8s.io/*
  --exempt-pod NAMESPACE/POD=REASON
                               exempt pods

  -o, --output FORMAT          text, json or sarif (default: text)

--key, --identity, --issuer, --annotation, --namespace, --exempt and --exempt-pod can be repeated.

Exit codes: 0 all images match, 1 findings, 2 usage error, 3 some images could not be checked
(or no container was found). Findings take precedence over failed checks.`,
  async run(args, commandContext) {
    const { values, positionals } = parseOptions(args, AUDIT_OPTIONS);
    if (positionals.length > 0) throw new UsageError(`unexpected argument "${positionals[0]}"`);
    const format = Object.hasOwn(FORMATTERS, values.output) ? FORMATTERS[values.output] : undefined;
    if (format === undefined) throw new UsageError('--output must be text, json or sarif');
    const context = withKubeconfig(commandContext, values.kubeconfig);
    const report = await runAudit(await auditArguments(values, context), { host: context.host });
    context.terminal.print(format(report));
    return EXIT_OF[outcomeOf(report)];
  },
  failureCode: EXIT.incomplete,
};
