import {
  exemptionOf,
  exemptionProblems,
  type Exemption,
  type ExemptionArgs,
} from '../enforce/program/exemption';
import { InvalidInputError, type Problem } from '../error';
import { loadVerificationPolicy, type VerificationPolicyArgs } from '../core/policy-args';
import { ContentMemory, createRegistryClient, type RegistryClient } from '../oci';
import { processHost, type SigningHost } from '../sign';
import { AUDIT_STATUSES, type AuditedImage, type AuditReport } from './audit-report';
import { AuditRun, type OutagePatience } from './audit-run';
import type { Comparison } from './image-audit';
import { openPodApi } from './pod-api';
import { type ContainerSource, type RunningContainer } from './running-container';
import { type RunningImage, runningImages } from './running-image';
import { parseStackState, type StackState } from './stack-state';

/** The scope of an audit, and its requirements. */
export interface ClusterAuditArgs {
  /** The policy that every image must meet. */
  readonly policy: VerificationPolicyArgs;
  /** Namespaces to audit. Default: all. */
  readonly namespaces?: readonly string[] | undefined;
  /** Git commit that the signed provenance of every image must have: 40 or 64 hex digits. */
  readonly commit?: string | undefined;
  /** Output of `pulumi stack export`. If set, every image must have been verified by this stack. */
  readonly stackState?: string | undefined;
  /** Exemptions from the audit; the resource of a pod is `namespace/pod`. */
  readonly exempt?: readonly ExemptionArgs[] | undefined;
  /** Context in kubeconfig. Default: the current context. */
  readonly context?: string | undefined;
}

/** The environment of an audit. Default: that of this process. */
export interface ClusterAuditHost {
  readonly host?: SigningHost | undefined;
  /** Source of the running containers. Default: the cluster of kubeconfig. */
  readonly source?: ContainerSource | undefined;
  /** Registry client. Default: a client with docker's credentials. */
  readonly client?: RegistryClient | undefined;
  /** Wait for a registry that does not respond. Default: up to five minutes. */
  readonly outage?: OutagePatience | undefined;
}

const POD = 'kubernetes:core/v1:Pod';

// https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-label-names
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const COMMIT = /^([0-9a-f]{40}|[0-9a-f]{64})$/;

function argumentProblems({ namespaces = [], commit, exempt = [] }: ClusterAuditArgs): Problem[] {
  const invalid = (property: string, message: string): Problem => ({
    property,
    code: 'INPUT_INVALID',
    message,
  });
  return [
    ...namespaces
      .filter((name) => !LABEL.test(name))
      .map((name) =>
        invalid('namespaces', `${JSON.stringify(name)} is not a valid namespace name`),
      ),
    ...(commit === undefined || COMMIT.test(commit)
      ? []
      : [invalid('commit', 'must be a full commit id: 40 or 64 lowercase hex digits')]),
    ...exempt.flatMap((each, index) => exemptionProblems(each, `exempt[${index}]`)),
  ];
}

function exemptionFor(
  container: RunningContainer,
  exemptions: readonly Exemption[],
): Exemption | undefined {
  return exemptions.find(
    (each) =>
      each.matchesImage(container.image) &&
      each.matchesResource(POD, `${container.namespace}/${container.pod}`),
  );
}

/** Separates exempt containers, grouped by reason, from the containers to check. */
function partitionExempt(
  containers: readonly RunningContainer[],
  exemptions: readonly Exemption[],
) {
  const exempt = new Map<string, RunningContainer[]>();
  const checked: RunningContainer[] = [];
  for (const container of containers) {
    const reason = exemptionFor(container, exemptions)?.reason;
    if (reason === undefined) checked.push(container);
    else {
      const known = exempt.get(reason);
      if (known) known.push(container);
      else exempt.set(reason, [container]);
    }
  }
  const images = [...exempt].flatMap(([reason, containersOfReason]) =>
    runningImages(containersOfReason).map((image): AuditedImage => ({
      image: image.name,
      status: 'exempt',
      reason,
      containers: image.containers,
      ...(image.kind === 'pinned' && { digest: image.digest }),
    })),
  );
  return { exempt: images, checked };
}

/** The result of an image that cannot be read from a registry; none for any other. */
function toUnverified(image: RunningImage): readonly AuditedImage[] {
  const { name, containers } = image;
  if (image.kind === 'pinned') return [];
  return image.kind === 'unknown'
    ? [{ image: name, status: 'unknown-image', reason: image.reason, containers }]
    : [{ image: name, status: 'not-started', containers }];
}

function worstFirst(a: AuditedImage, b: AuditedImage): number {
  const rank = ({ status }: AuditedImage): number => AUDIT_STATUSES.indexOf(status);
  return rank(b) - rank(a) || (a.image < b.image ? -1 : Number(a.image > b.image));
}

function notRunning(stack: StackState | undefined, images: readonly AuditedImage[]): string[] {
  const digests = new Set(images.map(({ digest }) => digest));
  return (stack?.images ?? [])
    .filter((image) => !image.digests.some((digest) => digests.has(digest)))
    .map(({ imageRef }) => imageRef);
}

/**
 * Audits every image that runs in a cluster, each once: whether the registry still has it, whether it
 * meets the policy, and whether it is in the stack. It only reads pods and registries.
 *
 * The report has a result for every image. A registry that cannot be reached is a result
 * (`check-failed`), not an error.
 *
 * @throws InvalidInputError with all problems of the arguments, before any request
 * @throws SignedImageError `CLUSTER_UNREADABLE` if the pods cannot be listed, `PACKAGE_MISSING`
 */
export async function auditCluster(
  args: ClusterAuditArgs,
  environment: ClusterAuditHost = {},
): Promise<AuditReport> {
  const { namespaces = [], commit, stackState, exempt = [], context } = args;
  const host = environment.host ?? processHost();
  const problems = argumentProblems(args);
  if (problems.length > 0) throw new InvalidInputError(problems);
  const stack = stackState === undefined ? undefined : parseStackState(stackState);
  const policy = await loadVerificationPolicy(args.policy, host);
  const comparison: Comparison = { policy, commit, stack };

  const source = environment.source ?? (await openPodApi(host, { context }));
  const time = host.now().toISOString();
  const containers = await source.containers(namespaces);
  const { exempt: exempted, checked } = partitionExempt(containers, exempt.map(exemptionOf));
  const running = runningImages(checked);
  const toVerify = running.flatMap((image) => (image.kind === 'pinned' ? [image] : []));
  const client = environment.client ?? createRegistryClient({ contents: new ContentMemory() });
  try {
    const run = new AuditRun(comparison, client, environment.outage);
    const verified = await run.run(toVerify);
    const images = [...verified, ...running.flatMap(toUnverified), ...exempted].sort(worstFirst);
    const { server } = source;
    return { server, namespaces, time, images, notRunning: notRunning(stack, images) };
  } finally {
    if (environment.client === undefined) await client.close();
  }
}
