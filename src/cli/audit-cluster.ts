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
import { parseOptions } from './options';

const OUTPUTS: Readonly<Record<string, (report: AuditReport) => string>> = {
  text: auditText,
  json: auditJson,
  sarif: auditSarif,
};

const EXIT_USAGE = 2;
const EXIT_BLIND = 3;
const EXIT_OF: Readonly<Record<AuditOutcome, number>> = {
  clean: 0,
  findings: 1,
  incomplete: EXIT_BLIND,
};

/** What the caller said, not what the world did. */
const CALLERS =
  /^(INPUT_INVALID|KEY_(REFERENCE_INVALID|UNREADABLE|UNSUPPORTED)|TRUSTED_ROOT_INVALID|REFERENCE_INVALID)$/;

function worldWith(
  { host, ...world }: CommandContext,
  kubeconfig: string | undefined,
): CommandContext {
  if (kubeconfig === undefined) return { host, ...world };
  return { ...world, host: { ...host, env: { ...host.env, KUBECONFIG: kubeconfig } } };
}

/** `signed-image audit cluster`. */
export const auditCluster: Command = {
  words: ['audit', 'cluster'],
  summary: 'verify every image that runs in a cluster',
  help: `Usage: signed-image audit cluster [OPTIONS]

Reads the image ids of all containers of a cluster (kubeconfig, or the pod that this
runs in), verifies each image once, and tells which are not what they should be. It
changes nothing; \`signed-image audit rbac\` prints the role that it needs.

Whom to trust (at least one key or identity):
  --key REF                    a public key: a path, or a reference as in key.ref
  --identity NAME --issuer URL a keyless signer, both exactly
  --annotation NAME=VALUE      must be signed
  --transparency WORD          log, timestamp or none
  --signature-format WORD      any, bundle, legacy or both (default: any)
  --builder-id URI             the signed provenance names this builder
  --trusted-root FILE          trust material of a private Sigstore
  --no-platforms               platform manifests of an index need no signature
  --policy FILE                all of it as JSON, in the words of VerifiedImage

What to compare with:
  --commit SHA                 every image is from this commit, by its provenance
  --stack-state FILE           output of \`pulumi stack export\`; "-": piped in

What to look at:
  -n, --namespace NAME         only there (default: all namespaces)
  --context NAME, --kubeconfig FILE
  --exempt IMAGE=REASON        let through, with "*" at the end: registry.k8s.io/*
  --exempt-pod NAMESPACE/POD=REASON

  -o, --output FORMAT          text, json or sarif (default: text)

--key, --identity, --issuer, --annotation, --namespace, --exempt and --exempt-pod can be repeated.

Exit code: 0 all match, 1 findings, 2 called in a wrong way, 3 not all could be looked at
(or no container was found). Findings go before what could not be looked at.`,
  async run(args, commandWorld) {
    const { values, positionals } = parseOptions(args, AUDIT_OPTIONS);
    if (positionals.length > 0) throw new UsageError(`there is no "${positionals[0]}" to audit`);
    const show = Object.hasOwn(OUTPUTS, values.output) ? OUTPUTS[values.output] : undefined;
    if (show === undefined) throw new UsageError('--output is text, json or sarif');
    const world = worldWith(commandWorld, values.kubeconfig);
    const report = await runAudit(await auditArguments(values, world), { host: world.host });
    world.terminal.print(show(report));
    return EXIT_OF[outcomeOf(report)];
  },
  exitCodeOf: ({ code }) => (CALLERS.test(code) ? EXIT_USAGE : EXIT_BLIND),
};
