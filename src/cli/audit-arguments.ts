import type { AuditPolicyArgs, ClusterAuditArgs, PolicyFile } from '../audit';
import { SignedImageError } from '../error';
import type { CommandContext } from './command';
import { type OptionValues, type Options, UsageError } from './options';
import { modules } from './modules';

const POLICY = 'Policy (at least one key or identity)';
const COMPARISON = 'Comparison';
const SCOPE = 'Scope';

/** The options that declare a verification policy. */
export const POLICY_OPTIONS = {
  key: {
    type: 'string',
    value: 'REF',
    multiple: true,
    isPath: true,
    group: POLICY,
    about: 'trusted public key: a path, or a reference as in key.ref',
  },
  identity: {
    type: 'string',
    value: 'NAME',
    multiple: true,
    group: POLICY,
    about: 'trusted keyless signer, compared exactly; requires an --issuer, in the same order',
  },
  issuer: {
    type: 'string',
    value: 'URL',
    multiple: true,
    group: POLICY,
    about: 'OIDC issuer of the identity, compared exactly',
  },
  annotation: {
    type: 'string',
    value: 'NAME=VALUE',
    multiple: true,
    group: POLICY,
    about: 'required signed annotation',
  },
  transparency: {
    type: 'string',
    value: 'MODE',
    choices: ['log', 'timestamp', 'none'],
    group: POLICY,
    absent: 'log with an identity, otherwise none',
    about: 'required transparency',
  },
  'signature-format': {
    type: 'string',
    value: 'FORMAT',
    choices: ['any', 'bundle', 'legacy', 'both'],
    group: POLICY,
    absent: 'any',
    about: 'required storage format',
  },
  'builder-id': {
    type: 'string',
    value: 'URI',
    group: POLICY,
    about: 'required builder in the signed provenance',
  },
  'trusted-root': {
    type: 'string',
    value: 'FILE',
    isPath: true,
    group: POLICY,
    about: 'trusted root of a private Sigstore instance',
  },
  'no-platforms': {
    type: 'boolean',
    group: POLICY,
    about: 'do not require signatures of platform manifests',
  },
  policy: {
    type: 'string',
    value: 'FILE',
    isPath: true,
    group: POLICY,
    about: 'policy as JSON, with the inputs of VerifiedImage; "-" for standard input',
  },
} as const satisfies Options;

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
  output: {
    type: 'string',
    value: 'FORMAT',
    short: 'o',
    default: 'text',
    choices: ['text', 'json', 'sarif'],
    about: 'format of the report',
  },
} as const satisfies Options;

type AuditOptions = OptionValues<typeof AUDIT_OPTIONS>;
/** The values of the options that declare a policy. */
export type PolicyOptions = OptionValues<typeof POLICY_OPTIONS>;

/** `name=value`, at the first `=`. */
function pair(option: string, text: string): readonly [string, string] {
  const at = text.indexOf('=');
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new UsageError(`--${option} ${text}: expected two parts separated by "="`);
}

function identitiesOf({ identity = [], issuer = [] }: PolicyOptions) {
  if (identity.length !== issuer.length) {
    throw new UsageError('each --identity requires an --issuer, in the same order');
  }
  return identity.map((each, index) => ({ identity: each, issuer: issuer[index] ?? '' }));
}

/** Reads a file, or standard input for `-`. */
export async function textOf(
  option: string,
  path: string,
  context: CommandContext,
): Promise<string> {
  if (path === '-') return context.terminal.readInput();
  try {
    return await context.host.readFile(path);
  } catch (error) {
    const { code = 'unknown reason' } = error as NodeJS.ErrnoException;
    throw new SignedImageError({
      code: 'INPUT_INVALID',
      message: `--${option}: ${path} cannot be read (${code})`,
      cause: error,
    });
  }
}

/** Merges the options into the policy file: lists are extended, other values are replaced. */
function policyOf(options: PolicyOptions, { policy: file }: PolicyFile): AuditPolicyArgs {
  const { transparency, 'signature-format': format } = options;
  const builderId = options['builder-id'];
  const trustedRoot = options['trusted-root'];
  const annotations = (options.annotation ?? []).map((each) => pair('annotation', each));
  return {
    ...file,
    keys: [...(file.keys ?? []), ...(options.key ?? [])],
    identities: [...(file.identities ?? []), ...identitiesOf(options)],
    annotations: { ...file.annotations, ...Object.fromEntries(annotations) },
    // Invalid values are reported when the policy is loaded.
    ...(format !== undefined && { format: format as AuditPolicyArgs['format'] }),
    ...(transparency !== undefined && {
      transparency: transparency as AuditPolicyArgs['transparency'],
    }),
    ...(builderId !== undefined && { provenance: { ...file.provenance, builderId } }),
    ...(trustedRoot !== undefined && { sigstore: { trustedRoot } }),
    ...(options['no-platforms'] === true && { platforms: false }),
  };
}

/**
 * Creates the arguments of an audit from options and files.
 *
 * @throws UsageError, and SignedImageError `INPUT_INVALID` for files that cannot be read
 */
export async function auditArguments(
  options: AuditOptions,
  context: CommandContext,
): Promise<ClusterAuditArgs> {
  const { parsePolicyFile } = modules.audit();
  const { policy: policyPath, 'stack-state': statePath } = options;
  if (policyPath === '-' && statePath === '-') {
    throw new UsageError('only one of --policy and --stack-state can be "-"');
  }
  const file: PolicyFile =
    policyPath === undefined
      ? { policy: {}, exempt: [] }
      : parsePolicyFile(await textOf('policy', policyPath, context));
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
