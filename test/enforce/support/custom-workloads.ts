/** Custom resources that run images, as their projects document them, each with one image. */
type Build = (image: string) => Readonly<Record<string, unknown>>;

const pod = (image: string) => ({ containers: [{ name: 'app', image }] });
const template = (image: string) => ({ metadata: { labels: { app: 'app' } }, spec: pod(image) });
const templated: Build = (image) => ({ spec: { template: template(image) } });
const steps = (image: string) => [{ name: 'build', image, script: 'make' }];
const entry = (member: Readonly<Record<string, unknown>>): Build => {
  const made = { entrypoint: 'main', templates: [{ name: 'main', ...member }] };
  return () => ({ spec: made });
};

const ARGO = 'kubernetes:argoproj.io/v1alpha1';
const TEKTON = 'kubernetes:tekton.dev/v1';

/** `type` or `type, where`, and the properties. */
export const CUSTOM_WORKLOADS: Readonly<Record<string, Build>> = {
  [`${ARGO}:Workflow, container`]: (image) => entry({ container: { image } })(image),
  [`${ARGO}:Workflow, script`]: (image) => entry({ script: { image, source: 'print(1)' } })(image),
  [`${ARGO}:Workflow, init container`]: (image) =>
    entry({ container: {}, initContainers: [{ name: 'i', image }] })(image),
  [`${ARGO}:Workflow, sidecar`]: (image) =>
    entry({ container: {}, sidecars: [{ name: 's', image }] })(image),
  [`${ARGO}:Workflow, container set`]: (image) =>
    entry({ containerSet: { containers: [{ name: 'a', image }] } })(image),
  [`${ARGO}:Workflow, inline task`]: (image) =>
    entry({ dag: { tasks: [{ name: 'a', inline: { container: { image } } }] } })(image),
  [`${ARGO}:Workflow, patch of the pod`]: (image) => ({
    spec: { podSpecPatch: JSON.stringify({ containers: [{ name: 'main', image }] }) },
  }),
  [`${ARGO}:Workflow, manifest`]: (image) =>
    entry({
      resource: {
        action: 'create',
        manifest: `kind: Pod\nspec:\n  containers:\n  - image: ${image}\n`,
      },
    })(image),
  [`${ARGO}:Workflow, status that is run again`]: (image) => ({
    spec: {},
    status: { storedTemplates: { main: { container: { image } } } },
  }),
  [`${ARGO}:WorkflowTemplate`]: (image) => entry({ container: { image } })(image),
  [`${ARGO}:ClusterWorkflowTemplate`]: (image) => entry({ container: { image } })(image),
  [`${ARGO}:CronWorkflow`]: (image) => ({
    spec: { schedule: '* * * * *', workflowSpec: { templates: [{ container: { image } }] } },
  }),
  [`${ARGO}:Rollout`]: templated,
  [`${ARGO}:RolloutPatch`]: templated,
  [`${ARGO}:AnalysisTemplate`]: (image) => ({
    spec: { metrics: [{ name: 'm', provider: { job: { spec: { template: template(image) } } } }] },
  }),
  [`${TEKTON}:Task, step`]: (image) => ({ spec: { steps: steps(image) } }),
  [`${TEKTON}:Task, sidecar`]: (image) => ({
    spec: { steps: [{ name: 'a' }], sidecars: [{ name: 's', image }] },
  }),
  [`${TEKTON}:Task, template of the steps`]: (image) => ({
    spec: { stepTemplate: { image }, steps: [{ name: 'a' }] },
  }),
  'kubernetes:tekton.dev/v1beta1:ClusterTask': (image) => ({ spec: { steps: steps(image) } }),
  [`${TEKTON}:TaskRun`]: (image) => ({ spec: { taskSpec: { steps: steps(image) } } }),
  [`${TEKTON}:Pipeline`]: (image) => ({
    spec: { tasks: [{ name: 'a', taskSpec: { steps: steps(image) } }] },
  }),
  [`${TEKTON}:Pipeline, at last`]: (image) => ({
    spec: { tasks: [], finally: [{ name: 'a', taskSpec: { steps: steps(image) } }] },
  }),
  [`${TEKTON}:PipelineRun`]: (image) => ({
    spec: { pipelineSpec: { tasks: [{ name: 'a', taskSpec: { steps: steps(image) } }] } },
  }),
  'kubernetes:tekton.dev/v1beta1:TaskRun, bundle': (image) => ({
    spec: { taskRef: { name: 'a', bundle: image } },
  }),
  'kubernetes:tekton.dev/v1beta1:StepAction': (image) => ({ spec: { image, script: 'make' } }),
  'kubernetes:triggers.tekton.dev/v1beta1:TriggerTemplate': (image) => ({
    spec: { resourcetemplates: [{ kind: 'TaskRun', spec: { taskSpec: { steps: steps(image) } } }] },
  }),
  'kubernetes:serving.knative.dev/v1:Service': templated,
  'kubernetes:serving.knative.dev/v1:Configuration': templated,
  'kubernetes:serving.knative.dev/v1:Revision': (image) => ({ spec: pod(image) }),
  'kubernetes:sources.knative.dev/v1:ContainerSource': templated,
  'kubernetes:apps.kruise.io/v1alpha1:CloneSet': templated,
  'kubernetes:apps.kruise.io/v1beta1:StatefulSet': templated,
  'kubernetes:apps.kruise.io/v1alpha1:DaemonSet': templated,
  'kubernetes:apps.kruise.io/v1alpha1:BroadcastJob': templated,
  'kubernetes:apps.kruise.io/v1alpha1:SidecarSet': (image) => ({ spec: pod(image) }),
  'kubernetes:apps.kruise.io/v1alpha1:AdvancedCronJob': (image) => ({
    spec: { template: { jobTemplate: { spec: { template: template(image) } } } },
  }),
  'kubernetes:apps.kruise.io/v1alpha1:UnitedDeployment': (image) => ({
    spec: { template: { deploymentTemplate: { spec: { template: template(image) } } } },
  }),
  'kubernetes:apps.kruise.io/v1alpha1:ImagePullJob': (image) => ({ spec: { image } }),
  'kubernetes:apps.kruise.io/v1beta1:ImageListPullJob': (image) => ({ spec: { images: [image] } }),
  'kubernetes:kubevirt.io/v1:VirtualMachine': (image) => ({
    spec: { template: { spec: { volumes: [{ name: 'root', containerDisk: { image } }] } } },
  }),
  'kubernetes:kubevirt.io/v1:VirtualMachineInstance': (image) => ({
    spec: { domain: { firmware: { kernelBoot: { container: { image } } } } },
  }),
  'kubernetes:cdi.kubevirt.io/v1beta1:DataVolume': (image) => ({
    spec: { source: { registry: { url: `docker://${image}` } } },
  }),
  'kubernetes:pkg.crossplane.io/v1:Provider': (image) => ({ spec: { package: image } }),
  'kubernetes:pkg.crossplane.io/v1:Function': (image) => ({ spec: { package: image } }),
  'kubernetes:pkg.crossplane.io/v1:Configuration': (image) => ({ spec: { package: image } }),
  'kubernetes:pkg.crossplane.io/v1beta1:DeploymentRuntimeConfig': (image) => ({
    spec: { deploymentTemplate: { spec: { template: template(image) } } },
  }),
  'kubernetes:operator.knative.dev/v1beta1:KnativeServing, all components': (image) => ({
    spec: { registry: { default: image } },
  }),
  'kubernetes:operator.knative.dev/v1beta1:KnativeServing, one component': (image) => ({
    spec: { registry: { override: { 'queue-proxy': image } } },
  }),
  [`${ARGO}:Workflow, argument of a template in the cluster`]: (image) => ({
    spec: {
      workflowTemplateRef: { name: 'build' },
      arguments: { parameters: [{ name: 'builder-image', value: image }] },
    },
  }),
  [`${ARGO}:Workflow, patch with a placeholder`]: (image) => ({
    spec: { podSpecPatch: `{"containers":[{"name":"main","image":"${image}","x":{{y}}}]}` },
  }),
  [`${ARGO}:Workflow, environment of an operator`]: (image) =>
    entry({ container: { env: [{ name: 'RELATED_IMAGE_PROXY', value: image }] } })(image),
  [`${ARGO}:Workflow, flag of a command line`]: (image) =>
    entry({ container: { args: [`--acme-solver-image=${image}`] } })(image),
  'kubernetes:operators.coreos.com/v1alpha1:CatalogSource': (image) => ({ spec: { image } }),
  'kubernetes:monitoring.coreos.com/v1:Prometheus': (image) => ({ spec: { image } }),
  'kubernetes:monitoring.coreos.com/v1:Prometheus, thanos': (image) => ({
    spec: { thanos: { image } },
  }),
  'kubernetes:kafka.strimzi.io/v1beta2:Kafka': (image) => ({ spec: { kafka: { image } } }),
  'kubernetes:postgresql.cnpg.io/v1:Cluster': (image) => ({ spec: { imageName: image } }),
};

/** What renders its workloads elsewhere, with an image among its values. */
export const RENDERED: Readonly<Record<string, Build>> = {
  'kubernetes:helm.sh/v3:Release': (image) => ({ values: { image } }),
  'kubernetes:helm.toolkit.fluxcd.io/v2:HelmRelease': (image) => ({ spec: { values: { image } } }),
  'kubernetes:helm.cattle.io/v1:HelmChart': (image) => ({
    spec: { chart: 'x', valuesContent: `image: ${image}\n` },
  }),
  'kubernetes:operators.coreos.com/v1alpha1:Subscription': () => ({ spec: { name: 'x' } }),
  'kubernetes:olm.operatorframework.io/v1:ClusterExtension': () => ({ spec: { source: {} } }),
  'kubernetes:packaging.carvel.dev/v1alpha1:PackageInstall': () => ({ spec: { packageRef: {} } }),
  'kubernetes:kappctrl.k14s.io/v1alpha1:App': () => ({ spec: { fetch: [] } }),
  'kubernetes:pulumi.com/v1:Stack': () => ({ spec: { projectRepo: 'x' } }),
  'kubernetes:kustomize.toolkit.fluxcd.io/v1:Kustomization': () => ({ spec: { path: './' } }),
  'kubernetes:argoproj.io/v1alpha1:Application': () => ({ spec: { source: {} } }),
};

/** An object of an unknown kind, with an image somewhere in it. */
export const UNKNOWN_WORKLOADS: Readonly<Record<string, Build>> = {
  'a text under image': (image) => ({ spec: { image } }),
  'a text under a name that ends so': (image) => ({ spec: { proxyImage: image } }),
  'a name in another case': (image) => ({ spec: { sidecar_image: image } }),
  'the name of an image': (image) => ({ spec: { imageName: image } }),
  'a list of images': (image) => ({ spec: { images: [image] } }),
  'repository and tag': (image) => {
    const [repository, tag] = [image.split('@')[0], image.split(':').at(-1)];
    return { spec: { values: { proxy: { repository, tag } } } };
  },
  'parts under image': (image) => ({ spec: { image: { repository: image.split('@')[0] } } }),
  'values in a text': (image) => ({ spec: { values: `proxy:\n  image: ${image}\n` } }),
  'JSON in a text': (image) => ({ spec: { raw: JSON.stringify({ image }) } }),
  'JSON in JSON in a text': (image) => ({
    spec: { raw: JSON.stringify(JSON.stringify({ image })) },
  }),
  'JSON with a key in escapes': (image) => ({ spec: { raw: `{"\\u0069mage":"${image}"}` } }),
  'the second of several documents': (image) => ({
    spec: { raw: `kind: A\n---\nimage: ${image}\n` },
  }),
  'a document before a broken one': (image) => ({
    spec: { raw: `image: ${image}\n---\n{{ broken\n` },
  }),
  'a document with a tag of its own': (image) => ({
    spec: { raw: `image: !x ${image}\nb: !y 1\n` },
  }),
  'a document with a key twice': (image) => ({ spec: { raw: `image: a\nimage: ${image}\n` } }),
  'an alias': (image) => ({ spec: { raw: `a: &it ${image}\nc:\n  image: *it\n` } }),
  'a template in a text': () => ({ spec: { raw: 'image: {{ .Values.image }}\n' } }),
  'a here-document of a script': (image) => ({
    spec: { script: `kubectl apply -f - <<END\nspec:\n  containers:\n  - image: ${image}\nEND\n` },
  }),
  'a name under image': (image) => ({ spec: { image: { name: image } } }),
  'a URL under image': (image) => ({ spec: { image: { uri: image } } }),
  'images by name': (image) => ({ spec: { images: { web: image } } }),
  'a list of names under images': (image) => ({ spec: { images: [{ name: image }] } }),
  'an environment variable': (image) => ({
    spec: { env: [{ name: 'RELATED_IMAGE_PROXY', value: image }] },
  }),
  'a flag of a command line': (image) => ({ spec: { args: ['-v', `--proxy-image=${image}`] } }),
  'what is plainly one, whatever it is called': (image) => ({
    spec: { runtime: { engine: image } },
  }),
  'a DockerImage of OpenShift': (image) => ({
    spec: { strategy: { from: { kind: 'DockerImage', name: image } } },
  }),
  'a whole object in it': (image) => ({
    spec: { forProvider: { manifest: { spec: pod(image) } } },
  }),
  'an image volume': (image) => ({ spec: { volume: { image: { reference: image } } } }),
  'a placeholder': () => ({ spec: { image: '{{ .Values.image }}' } }),
  'a pod': (image) => ({ spec: pod(image) }),
};

/** `kubernetes:g/v1:Kind` of a name with a comment. */
export const typeOf = (name: string): string => name.split(',')[0]!;
