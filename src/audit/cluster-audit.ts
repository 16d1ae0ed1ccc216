import {
  exemptionOf,
  exemptionProblems,
  type Exemption,
  type ExemptionArgs,
} from '../enforce/program/exemption';
import { InvalidInputError, type Problem } from '../error';
import { createRegistryClient, type RegistryClient } from '../oci';
import { processHost, type SigningHost } from '../sign';
import { mapBounded } from '../storage/bounded';
import { AUDIT_STATUSES, type AuditedImage, type AuditReport } from './audit-report';
import { type Comparison, auditImage } from './image-audit';
import { openPodApi } from './pod-api';
import { type AuditPolicyArgs, loadAuditPolicy } from './policy-args';
import { type ContainerSource, type RunningContainer } from './running-container';
import { type RunningImage, runningImages } from './running-image';
import { parseStackState, type StackState } from './stack-state';

/** What is audited, and what it is compared with. */
export interface ClusterAuditArgs {
  /** What every image must meet. */
  readonly policy: AuditPolicyArgs;
  /** Default: all. */
  readonly namespaces?: readonly string[] | undefined;
  /** The git commit that every image must be from, by its signed provenance: 40 or 64 hex digits. */
  readonly commit?: string | undefined;
  /** The output of `pulumi stack export`: then each image must be one that this stack verified. */
  readonly stackState?: string | undefined;
  /** What may run without being looked at; a resource is named `namespace/pod`. */
  readonly exempt?: readonly ExemptionArgs[] | undefined;
  /** The context of kubeconfig. Default: the current one. */
  readonly context?: string | undefined;
}

/** The world as an audit sees it. Default: that of this process. */
export interface ClusterAuditHost {
  readonly host?: SigningHost | undefined;
  /** Default: the cluster of kubeconfig. */
  readonly source?: ContainerSource | undefined;
  /** Default: one with docker's credentials. */
  readonly client?: RegistryClient | undefined;
}

const POD = 'kubernetes:core/v1:Pod';
const PARALLEL_IMAGES = 4;

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
      .map((name) => invalid('namespaces', `${JSON.stringify(name)} is no name of a namespace`)),
    ...(commit === undefined || COMMIT.test(commit)
      ? []
      : [invalid('commit', 'must be a whole commit: 40 or 64 lower-case hex digits')]),
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

/** Those that are let through, by their reasons, and the others. */
function separate(containers: readonly RunningContainer[], exemptions: readonly Exemption[]) {
  const exempt = new Map<string, RunningContainer[]>();
  const looked: RunningContainer[] = [];
  for (const container of containers) {
    const reason = exemptionFor(container, exemptions)?.reason;
    if (reason === undefined) looked.push(container);
    else exempt.set(reason, [...(exempt.get(reason) ?? []), container]);
  }
  const images = [...exempt].flatMap(([reason, those]) =>
    runningImages(those).map((image): AuditedImage => ({
      image: image.name,
      status: 'exempt',
      reason,
      containers: image.containers,
      ...(image.kind === 'pinned' && { digest: image.digest }),
    })),
  );
  return { exempt: images, looked };
}

function notVerified(image: Exclude<RunningImage, { kind: 'pinned' }>): AuditedImage {
  const { name, containers } = image;
  return image.kind === 'unknown'
    ? { image: name, status: 'unknown-image', reason: image.reason, containers }
    : { image: name, status: 'not-started', containers };
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
 * Looks at every image that runs in a cluster, each once: whether the registry still has it and it
 * meets the policy, and whether it is the stack's. It only reads: pods, and the registries.
 *
 * The report has an answer for every image. That one registry cannot be reached is an answer
 * (`could-not-look`), not an error.
 *
 * @throws InvalidInputError with all that is wrong with the arguments, before anything is asked
 * @throws SignedImageError `CLUSTER_UNREADABLE` where the pods cannot be listed, `PACKAGE_MISSING`
 */
export async function auditCluster(
  args: ClusterAuditArgs,
  world: ClusterAuditHost = {},
): Promise<AuditReport> {
  const { namespaces = [], commit, stackState, exempt = [], context } = args;
  const host = world.host ?? processHost();
  const problems = argumentProblems(args);
  if (problems.length > 0) throw new InvalidInputError(problems);
  const stack = stackState === undefined ? undefined : parseStackState(stackState);
  const policy = await loadAuditPolicy(args.policy, host);
  const comparison: Comparison = { policy, commit, stack };

  const source = world.source ?? (await openPodApi(host, { context }));
  const time = host.now().toISOString();
  const containers = await source.containers(namespaces);
  const { exempt: letThrough, looked } = separate(containers, exempt.map(exemptionOf));
  const client = world.client ?? createRegistryClient();
  try {
    const found = await mapBounded(runningImages(looked), PARALLEL_IMAGES, async (image) =>
      image.kind === 'pinned' ? auditImage(image, comparison, client) : notVerified(image),
    );
    const images = [...found, ...letThrough].sort(worstFirst);
    const { server } = source;
    return { server, namespaces, time, images, notRunning: notRunning(stack, images) };
  } finally {
    if (world.client === undefined) await client.close();
  }
}
