import type { AuditPolicyArgs, ClusterAuditArgs, PolicyFile } from '../audit';
import { parsePolicyFile } from '../audit';
import { SignedImageError } from '../error';
import { type CommandContext, UsageError } from './command';

/** The options of `audit cluster`, as `parseArgs` knows them. */
export const AUDIT_OPTIONS = {
  key: { type: 'string', multiple: true },
  identity: { type: 'string', multiple: true },
  issuer: { type: 'string', multiple: true },
  annotation: { type: 'string', multiple: true },
  'signature-format': { type: 'string' },
  transparency: { type: 'string' },
  'builder-id': { type: 'string' },
  'trusted-root': { type: 'string' },
  'no-platforms': { type: 'boolean' },
  policy: { type: 'string' },
  commit: { type: 'string' },
  'stack-state': { type: 'string' },
  exempt: { type: 'string', multiple: true },
  'exempt-pod': { type: 'string', multiple: true },
  namespace: { type: 'string', multiple: true, short: 'n' },
  context: { type: 'string' },
  kubeconfig: { type: 'string' },
  output: { type: 'string', short: 'o', default: 'text' },
} as const;

/** Their values. */
export type AuditOptions = {
  readonly [Name in keyof typeof AUDIT_OPTIONS]?: (typeof AUDIT_OPTIONS)[Name] extends {
    readonly multiple: true;
  }
    ? readonly string[]
    : (typeof AUDIT_OPTIONS)[Name]['type'] extends 'boolean'
      ? boolean
      : string;
};

/** `name=value`, at the first `=`. */
function pair(option: string, text: string): readonly [string, string] {
  const at = text.indexOf('=');
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new UsageError(`--${option} ${text}: two parts with "=" between them are needed`);
}

function identitiesOf({ identity = [], issuer = [] }: AuditOptions) {
  if (identity.length !== issuer.length) {
    throw new UsageError('each --identity needs its --issuer, in the same order');
  }
  return identity.map((each, index) => ({ identity: each, issuer: issuer[index] ?? '' }));
}

async function textOf(option: string, path: string, world: CommandContext): Promise<string> {
  if (path === '-') return world.terminal.readInput();
  try {
    return await world.host.readFile(path);
  } catch (error) {
    const { code = 'unknown reason' } = error as NodeJS.ErrnoException;
    throw new SignedImageError({
      code: 'INPUT_INVALID',
      message: `--${option}: ${path} cannot be read (${code})`,
      cause: error,
    });
  }
}

/** The options over what the policy file says: lists are added, words take its place. */
function policyOf(options: AuditOptions, { policy: file }: PolicyFile): AuditPolicyArgs {
  const { transparency, 'signature-format': format } = options;
  const builderId = options['builder-id'];
  const trustedRoot = options['trusted-root'];
  const annotations = (options.annotation ?? []).map((each) => pair('annotation', each));
  return {
    ...file,
    keys: [...(file.keys ?? []), ...(options.key ?? [])],
    identities: [...(file.identities ?? []), ...identitiesOf(options)],
    annotations: { ...file.annotations, ...Object.fromEntries(annotations) },
    // Words that are none are told by the policy.
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
 * What an audit is told, by options and files.
 *
 * @throws UsageError, and SignedImageError `INPUT_INVALID` for files that cannot be read
 */
export async function auditArguments(
  options: AuditOptions,
  world: CommandContext,
): Promise<ClusterAuditArgs> {
  const { policy: policyPath, 'stack-state': statePath } = options;
  if (policyPath === '-' && statePath === '-') {
    throw new UsageError('only one of --policy and --stack-state can be "-"');
  }
  const file: PolicyFile =
    policyPath === undefined
      ? { policy: {}, exempt: [] }
      : parsePolicyFile(await textOf('policy', policyPath, world));
  const exemptImages = (options.exempt ?? []).map((each) => pair('exempt', each));
  const exemptPods = (options['exempt-pod'] ?? []).map((each) => pair('exempt-pod', each));
  return {
    policy: policyOf(options, file),
    namespaces: options.namespace ?? [],
    commit: options.commit,
    context: options.context,
    stackState: statePath === undefined ? undefined : await textOf('stack-state', statePath, world),
    exempt: [
      ...file.exempt,
      ...exemptImages.map(([image, reason]) => ({ image, reason })),
      ...exemptPods.map(([resource, reason]) => ({ resource, reason })),
    ],
  };
}
