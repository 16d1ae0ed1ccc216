/** A workload of each kind, by the type token of Pulumi's provider, running one image. */
type Build = (image: unknown) => Readonly<Record<string, unknown>>;

const pod = (image: unknown) => ({ containers: [{ name: 'app', image }] });
const template = (image: unknown) => ({
  metadata: { labels: { app: 'app' } },
  spec: pod(image),
});
const selector = { matchLabels: { app: 'app' } };
const job = (image: unknown) => ({
  template: { spec: { ...pod(image), restartPolicy: 'Never' } },
});

const templated: Build = (image) => ({ spec: { selector, template: template(image) } });

/** In the order of the table. */
export const WORKLOADS: Readonly<Record<string, Build>> = {
  'kubernetes:core/v1:Pod': (image) => ({ spec: pod(image) }),
  'kubernetes:core/v1:ReplicationController': (image) => ({
    spec: { selector: { app: 'app' }, template: template(image) },
  }),
  'kubernetes:apps/v1:Deployment': templated,
  'kubernetes:apps/v1:ReplicaSet': templated,
  'kubernetes:apps/v1:StatefulSet': (image) => ({
    spec: { selector, serviceName: 'app', template: template(image) },
  }),
  'kubernetes:apps/v1:DaemonSet': templated,
  'kubernetes:batch/v1:Job': (image) => ({ spec: job(image) }),
  'kubernetes:batch/v1:CronJob': (image) => ({
    spec: { schedule: '0 3 * * *', jobTemplate: { spec: job(image) } },
  }),
};

/** The word of the table for a type token: its kind. */
export const kindOf = (type: string): string => type.slice(type.lastIndexOf(':') + 1);
