import { kindToken } from './kind-token';

/** A custom kind that is known: `searchImages` finds all of its images. */
export interface CustomKind {
  /** Additional keys whose values are images. */
  readonly keys?: readonly string[];
  /** Keys that make the controller fetch more definitions in the cluster. */
  readonly fetches?: readonly string[];
  /** Why its images cannot be verified here: they are rendered or fetched in the cluster. */
  readonly unverifiable?: string;
}

/** API groups in which every kind is known. The oracle (test/oracles/enforce) checks their published schemas. */
const GROUPS: readonly string[] = [
  // Argo Workflows, Rollouts and Events
  'argoproj.io',
  // Tekton
  'tekton.dev',
  'triggers.tekton.dev',
  'operator.tekton.dev',
  // Knative
  'serving.knative.dev',
  'sources.knative.dev',
  'eventing.knative.dev',
  'autoscaling.internal.knative.dev',
  'caching.internal.knative.dev',
  'operator.knative.dev',
  // OpenKruise
  'apps.kruise.io',
  'rollouts.kruise.io',
  // KubeVirt
  'kubevirt.io',
  'pool.kubevirt.io',
  'instancetype.kubevirt.io',
  'cdi.kubevirt.io',
  // Crossplane
  'pkg.crossplane.io',
  'apiextensions.crossplane.io',
  // Batch and machine learning
  'batch.volcano.sh',
  'jobset.x-k8s.io',
  'leaderworkerset.x-k8s.io',
  'kueue.x-k8s.io',
  'kubeflow.org',
  'ray.io',
  'sparkoperator.k8s.io',
  'flink.apache.org',
  'keda.sh',
  // Operators
  'monitoring.coreos.com',
  'kafka.strimzi.io',
  'opentelemetry.io',
  'jaegertracing.io',
  'postgresql.cnpg.io',
  'acid.zalan.do',
  'rabbitmq.com',
  'agones.dev',
  'operators.coreos.com',
  'elasticsearch.k8s.elastic.co',
  'kibana.k8s.elastic.co',
  'beat.k8s.elastic.co',
  'agent.k8s.elastic.co',
  'logstash.k8s.elastic.co',
];

const RENDERED =
  'renders its workloads in the cluster, where its images cannot be checked; list the paths of its images in `kinds`, or exempt this resource with a reason';

/** `group kind` of kinds that create workloads from charts, repositories, catalogs or programs. */
const RENDERERS: readonly string[] = [
  'argoproj.io Application',
  'argoproj.io ApplicationSet',
  // Flux
  'helm.toolkit.fluxcd.io HelmRelease',
  'helm.fluxcd.io HelmRelease',
  'kustomize.toolkit.fluxcd.io Kustomization',
  'fluxcd.controlplane.io FluxInstance',
  'infra.contrib.fluxcd.io Terraform',
  // k3s, RKE2, k0s, Rancher
  'helm.cattle.io HelmChart',
  'helm.cattle.io HelmChartConfig',
  'helm.k0sproject.io Chart',
  'fleet.cattle.io GitRepo',
  'fleet.cattle.io Bundle',
  'fleet.cattle.io HelmOp',
  'catalog.cattle.io App',
  // Crossplane, Carvel, Cluster API
  'helm.crossplane.io Release',
  'kappctrl.k14s.io App',
  'packaging.carvel.dev PackageInstall',
  'addons.cluster.x-k8s.io HelmChartProxy',
  'addons.cluster.x-k8s.io ClusterResourceSet',
  // Catalogs of operators
  'operators.coreos.com Subscription',
  'operators.coreos.com InstallPlan',
  'olm.operatorframework.io ClusterExtension',
  'packages.eks.amazonaws.com Package',
  // Configuration of fleets, and programs that are run in the cluster
  'configsync.gke.io RootSync',
  'configsync.gke.io RepoSync',
  'apps.open-cluster-management.io Subscription',
  'app.terraform.io Workspace',
  'pulumi.com Stack',
];

/** Exceptions, by `group kind`. */
const KINDS: Readonly<Record<string, CustomKind>> = {
  ...Object.fromEntries(RENDERERS.map((kind) => [kind, { unverifiable: RENDERED }])),
  // Its images are member names.
  'apps.kruise.io NodeImage': {
    unverifiable: 'pulls images that are not checked; exempt this resource with a reason',
  },
};

/** Additional facts about all kinds of a group. */
const OF_GROUP: Readonly<Record<string, CustomKind>> = {
  // Images of providers and functions, which Crossplane itself pulls.
  'pkg.crossplane.io': { keys: ['package'] },
  // `spec.registry`: images of its own components.
  'operator.knative.dev': { keys: ['override', 'default'] },
  // Bundles are images with tasks; resolvers fetch tasks from anywhere.
  'tekton.dev': { keys: ['bundle'], fetches: ['resolver'] },
  'triggers.tekton.dev': { keys: ['bundle'], fetches: ['resolver'] },
};

/** Returns what is known about a custom kind in any of its versions; `undefined` if it is not known. */
export function customKind(type: string): CustomKind | undefined {
  const token = kindToken(type);
  if (token === undefined) return undefined;
  const { group, kind } = token;
  const own = KINDS[`${group} ${kind}`];
  if (own !== undefined) return own;
  return GROUPS.includes(group) ? (OF_GROUP[group] ?? {}) : undefined;
}
