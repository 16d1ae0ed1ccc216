import { setTimeout as sleep } from 'node:timers/promises';

import { type Cluster, type ClusterNode, startCluster, startNode } from '../../../dev/cluster';
import { digestPolicy, type Manifest } from '../../../src/enforce/admission';
import { kubectl } from '../support/kubectl';
import { rolloutStep } from '../support/table';

/** What ran before the policy, and is not among its images any more. */
const A = `registry.example.com/team/app@sha256:${'1a'.repeat(32)}`;
/** What the policy admits. */
const B = `registry.example.com/team/app@sha256:${'2b'.repeat(32)}`;
const OTHER = `registry.example.com/team/app@sha256:${'3c'.repeat(32)}`;

const SPACE = 'shop';
const POLICIES = '/apis/admissionregistration.k8s.io/v1';
const MINUTES = 60_000;

type Json = Readonly<Record<string, unknown>>;
interface Item {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly replicas?: number;
    readonly containers?: readonly { readonly image: string }[];
  } & Json;
  readonly status?: Json;
}

const labels = (app: string) => ({ app });
const podSpec = (image: string, further: Json = {}) => ({
  containers: [{ name: 'app', image }],
  terminationGracePeriodSeconds: 1,
  ...further,
});
const template = (app: string, image: string) => ({
  metadata: { labels: labels(app) },
  spec: podSpec(image),
});
const jobSpec = (app: string, image: string) => ({
  template: {
    metadata: { labels: labels(app) },
    spec: podSpec(image, { restartPolicy: 'Never' }),
  },
});

const object = (apiVersion: string, kind: string, name: string, spec: Json) => ({
  apiVersion,
  kind,
  metadata: { name, namespace: SPACE, labels: labels(name) },
  spec,
});
const deployment = (name: string, image: string, replicas = 2) =>
  object('apps/v1', 'Deployment', name, {
    replicas,
    selector: { matchLabels: labels(name) },
    template: template(name, image),
  });

describe('a cluster with its controllers, in which B is admitted and A ran before', () => {
  let cluster: Cluster;
  let node: ClusterNode;

  const run = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await kubectl(cluster, '-n', SPACE, ...args);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  const refusedRun = async (...args: readonly string[]): Promise<string> => {
    const { code, stderr } = await kubectl(cluster, '-n', SPACE, ...args);
    expect([args, code]).toEqual([args, 1]);
    return stderr;
  };
  const create = async (manifest: { readonly kind: string; readonly apiVersion: string }) => {
    const { kind, apiVersion } = manifest;
    const api = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`;
    const path = `${api}/namespaces/${SPACE}/${kind.toLowerCase()}s`;
    expect(await cluster.request('POST', path, manifest)).toMatchObject({ status: 201 });
  };
  const get = async (path: string): Promise<Json> =>
    (await cluster.request('GET', path)).body as Json;
  const list = async (path: string, app?: string): Promise<readonly Item[]> => {
    const query = app === undefined ? '' : `?labelSelector=app%3D${app}`;
    return (await get(`${path}${query}`))['items'] as readonly Item[];
  };
  const podsOf = (app: string) => list(`/api/v1/namespaces/${SPACE}/pods`, app);
  const imagesOf = async (app: string): Promise<readonly string[]> =>
    (await podsOf(app)).map(({ spec }) => spec.containers![0]!.image).sort();
  const eventsOf = async (name: string): Promise<string> => {
    const items = (await get(`/api/v1/namespaces/${SPACE}/events`))['items'] as readonly {
      readonly involvedObject: { readonly name: string };
      readonly message: string;
    }[];
    return items
      .filter(({ involvedObject }) => involvedObject.name.startsWith(name))
      .map(({ message }) => message)
      .join('\n');
  };

  /** Controllers take their time. Asked again until it holds, and then shown by Jest what differs. */
  const eventually = async (check: () => Promise<void>, tries = 120): Promise<void> => {
    for (let left = tries; ; left -= 1) {
      try {
        return await check();
      } catch (error) {
        if (left === 0) throw error;
        await sleep(500);
      }
    }
  };
  const runsOnly = (app: string, images: readonly string[]) =>
    eventually(async () => expect([app, await imagesOf(app)]).toEqual([app, images]));
  const gone = (path: string) =>
    eventually(async () => expect((await cluster.request('GET', path)).status).toEqual(404));

  const admitsOnly = async (images: readonly string[], name: string): Promise<void> => {
    for (const manifest of digestPolicy({ name, images, namespaces: [SPACE] })) {
      const plural = `${manifest.kind.toLowerCase()}s`.replace('policys', 'policies');
      expect(await cluster.request('POST', `${POLICIES}/${plural}`, manifest)).toMatchObject({
        status: 201,
      });
    }
    const probe = (made: Manifest) =>
      cluster.request('POST', `/api/v1/namespaces/${SPACE}/pods?dryRun=All`, made);
    const pod = (image: string) =>
      object('v1', 'Pod', 'probe', podSpec(image)) as unknown as Manifest;
    await eventually(async () => expect((await probe(pod(OTHER))).status).toBe(403));
    // A policy that was removed holds for a moment longer.
    for (const image of images)
      await eventually(async () => expect((await probe(pod(image))).status).toBe(201));
    // Policies take effect one by one, so the last shape is checked too.
    await eventually(async () => {
      const cronJob = object('batch/v1', 'CronJob', 'probe', {
        schedule: '0 0 1 1 *',
        jobTemplate: { spec: jobSpec('probe', OTHER) },
      });
      const made = await cluster.request(
        'POST',
        `/apis/batch/v1/namespaces/${SPACE}/cronjobs?dryRun=All`,
        cronJob,
      );
      expect(made.status).toBe(403);
    });
  };

  beforeAll(async () => {
    cluster = await startCluster({ controllers: true });
    node = await startNode(cluster, 'node-1');
    await cluster.request('POST', '/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: SPACE },
    });
    await eventually(async () => {
      const account = `/api/v1/namespaces/${SPACE}/serviceaccounts/default`;
      expect((await cluster.request('GET', account)).status).toBe(200);
    });
    for (const app of ['web', 'scaled', 'removed', 'evicted', 'patched', 'autoscaled'])
      await create(deployment(app, A));
    await create(
      object('apps/v1', 'StatefulSet', 'stateful', {
        replicas: 2,
        serviceName: 'stateful',
        selector: { matchLabels: labels('stateful') },
        template: template('stateful', A),
      }),
    );
    await create(
      object('apps/v1', 'DaemonSet', 'daemon', {
        selector: { matchLabels: labels('daemon') },
        template: template('daemon', A),
      }),
    );
    await create(
      object('v1', 'ReplicationController', 'replicated', {
        replicas: 2,
        selector: labels('replicated'),
        template: template('replicated', A),
      }),
    );
    await create(object('batch/v1', 'Job', 'once', jobSpec('once', A)));
    await create(object('batch/v1', 'Job', 'stopped', jobSpec('stopped', A)));
    await create(
      object('batch/v1', 'CronJob', 'nightly', {
        schedule: '* * * * *',
        successfulJobsHistoryLimit: 0,
        jobTemplate: {
          metadata: { labels: labels('nightly') },
          spec: jobSpec('nightly', A),
        },
      }),
    );
    await create({
      ...object('v1', 'Pod', 'alone', podSpec(A)),
      metadata: {
        name: 'alone',
        namespace: SPACE,
        labels: labels('alone'),
        finalizers: ['example.com/hold'],
      },
    } as never);
    for (const app of ['web', 'scaled', 'evicted', 'stateful', 'replicated', 'autoscaled'])
      await runsOnly(app, [A, A]);
    for (const app of ['daemon', 'once', 'stopped', 'nightly', 'alone']) await runsOnly(app, [A]);
    await run('rollout', 'status', 'deployment/web', '--timeout=60s');
    await admitsOnly([B], 'only-b');
  }, 6 * MINUTES);
  afterAll(async () => {
    await node?.stop();
    await cluster?.stop();
  });

  const step = (name: string, work: () => Promise<void>, minutes = 2): void => {
    test(
      name,
      async () => {
        await work();
        rolloutStep(name);
      },
      minutes * MINUTES,
    );
  };

  step(
    'a Deployment rolls out from A to B, and the old ReplicaSet is scaled to nothing',
    async () => {
      await run('set', 'image', 'deployment/web', `app=${B}`);
      await run('rollout', 'status', 'deployment/web', '--timeout=60s');
      await runsOnly('web', [B, B]);
      const sets = await list(`/apis/apps/v1/namespaces/${SPACE}/replicasets`, 'web');
      expect(sets.map(({ spec }) => spec.replicas).sort()).toEqual([0, 2]);
    },
  );

  step('a rollback to A is refused while A is not among the images', async () => {
    expect(await refusedRun('rollout', 'undo', 'deployment/web')).toContain(
      'not verified by pulumi-signed-image',
    );
    await runsOnly('web', [B, B]);
  });

  step('a StatefulSet, a DaemonSet and a ReplicationController go from A to B', async () => {
    await run('set', 'image', 'statefulset/stateful', `app=${B}`);
    await run('set', 'image', 'daemonset/daemon', `app=${B}`);
    await run('rollout', 'status', 'statefulset/stateful', '--timeout=90s');
    await run('rollout', 'status', 'daemonset/daemon', '--timeout=90s');
    await runsOnly('stateful', [B, B]);
    await runsOnly('daemon', [B]);
    await run('set', 'image', 'rc/replicated', `app=${B}`);
    await run('delete', 'pods', '-l', 'app=replicated', '--wait=false');
    await runsOnly('replicated', [B, B]);
  });

  step('a Deployment of A is scaled down; scaled up, its new pods are refused', async () => {
    await run('scale', 'deployment/scaled', '--replicas=1');
    await runsOnly('scaled', [A]);
    await run('scale', 'deployment/scaled', '--replicas=3');
    await eventually(async () =>
      expect(await eventsOf('scaled')).toContain('not verified by pulumi-signed-image'),
    );
    await runsOnly('scaled', [A]);
    await run('scale', 'deployment/scaled', '--replicas=0');
    await runsOnly('scaled', []);
  });

  step('an autoscaler scales a Deployment of A down by the subresource', async () => {
    await run('autoscale', 'deployment/autoscaled', '--min=1', '--max=1', '--cpu-percent=50');
    await runsOnly('autoscaled', [A]);
  });

  step('labels, annotations and finalizers of what holds A are changed', async () => {
    for (const kind of ['deployment', 'replicaset', 'pod']) {
      await run('label', kind, '-l', 'app=patched', 'team=a');
      await run('annotate', kind, '-l', 'app=patched', 'note=a');
    }
    await run('patch', 'cronjob/nightly', '-p', '{"spec":{"suspend":true}}');
    await run('delete', 'pod/alone', '--wait=false');
    await run(
      'patch',
      'pod/alone',
      '--type=json',
      '-p',
      '[{"op":"remove","path":"/metadata/finalizers"}]',
    );
    await gone(`/api/v1/namespaces/${SPACE}/pods/alone`);
  });

  step('a Deployment of A is deleted in the foreground, with all that it made', async () => {
    await run('delete', 'deployment/removed', '--cascade=foreground', '--timeout=60s');
    expect(await podsOf('removed')).toEqual([]);
    expect(await list(`/apis/apps/v1/namespaces/${SPACE}/replicasets`, 'removed')).toEqual([]);
  });

  step('a Job of A ends, and is deleted with its pods', async () => {
    for (const { metadata } of await podsOf('once')) {
      const path = `/api/v1/namespaces/${SPACE}/pods/${metadata.name}/status`;
      expect(
        await cluster.request('PATCH', path, { status: { phase: 'Succeeded' } }),
      ).toMatchObject({
        status: 200,
      });
    }
    await run('wait', '--for=condition=complete', 'job/once', '--timeout=60s');
    await run('delete', 'job/once', 'job/stopped', '--cascade=foreground', '--timeout=60s');
    expect([...(await podsOf('once')), ...(await podsOf('stopped'))]).toEqual([]);
  });

  step('pods of A are evicted, and those that take their place are refused', async () => {
    const [pod] = await podsOf('evicted');
    const { name } = pod!.metadata;
    const path = `/api/v1/namespaces/${SPACE}/pods/${name}/eviction`;
    expect(
      await cluster.request('POST', path, {
        apiVersion: 'policy/v1',
        kind: 'Eviction',
        metadata: { name, namespace: SPACE },
      }),
    ).toMatchObject({ status: 201 });
    await runsOnly('evicted', [A]);
    await eventually(async () =>
      expect(await eventsOf('evicted')).toContain('not verified by pulumi-signed-image'),
    );
    await run('set', 'image', 'deployment/evicted', `app=${B}`);
    await runsOnly('evicted', [B, B]);
  });

  step('kubectl debug adds B to a pod of A, and nothing that is not admitted', async () => {
    const [pod] = await podsOf('patched');
    const debug = (image: string) => [
      'debug',
      `pod/${pod!.metadata.name}`,
      '--attach=false',
      `--image=${image}`,
    ];
    await run(...debug(B));
    await run(...debug(A));
    expect(await refusedRun(...debug(OTHER))).toContain('not verified by pulumi-signed-image');
  });

  step('no update brings an image in that is neither admitted nor there', async () => {
    const patch = (image: string) => [
      'patch',
      'deployment/patched',
      '-p',
      JSON.stringify({ spec: { template: { spec: { initContainers: [{ name: 'i', image }] } } } }),
    ];
    expect(await refusedRun(...patch(OTHER))).toContain(`pulumi-signed-image: ${OTHER}`);
    await run(...patch(B));
    const [pod] = await podsOf('patched');
    const name = `pod/${pod!.metadata.name}`;
    expect(await refusedRun('set', 'image', name, `app=${OTHER}`)).toContain(OTHER);
    const resize = { spec: { containers: [{ name: 'app', image: OTHER }] } };
    await refusedRun('patch', name, '--subresource=resize', '-p', JSON.stringify(resize));
    expect(await refusedRun('set', 'image', 'cronjob/nightly', `app=${OTHER}`)).toContain(OTHER);
  });

  step(
    'a CronJob of A runs no Job of A any more, and Jobs of B once it holds B',
    async () => {
      for (const { metadata } of await podsOf('nightly')) {
        const path = `/api/v1/namespaces/${SPACE}/pods/${metadata.name}/status`;
        await cluster.request('PATCH', path, { status: { phase: 'Succeeded' } });
      }
      // The Jobs that ended are removed: the history is empty.
      await runsOnly('nightly', []);
      await run('patch', 'cronjob/nightly', '-p', '{"spec":{"suspend":false}}');
      await eventually(
        async () =>
          expect(await eventsOf('nightly')).toContain('not verified by pulumi-signed-image'),
        240,
      );
      expect(await imagesOf('nightly')).toEqual([]);
      await run('set', 'image', 'cronjob/nightly', `app=${B}`);
      await eventually(async () => expect(await imagesOf('nightly')).toContain(B), 240);
      expect(await imagesOf('nightly')).not.toContain(A);
    },
    6,
  );

  step('with A and B among the images, a rollback to A and back passes', async () => {
    for (const kind of ['validatingadmissionpolicies', 'validatingadmissionpolicybindings'])
      await cluster.request('DELETE', `${POLICIES}/${kind}`);
    await admitsOnly([A, B], 'a-and-b');
    await run('rollout', 'undo', 'deployment/web');
    await run('rollout', 'status', 'deployment/web', '--timeout=60s');
    await runsOnly('web', [A, A]);
    await run('rollout', 'undo', 'deployment/web');
    await run('rollout', 'status', 'deployment/web', '--timeout=60s');
    await runsOnly('web', [B, B]);
  });
});
