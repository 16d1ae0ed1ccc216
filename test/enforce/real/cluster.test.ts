import { setTimeout as sleep } from 'node:timers/promises';

import { type Cluster, startCluster } from '../../../dev/cluster';
import { digestPolicy, type Manifest } from '../../../src/enforce/admission';
import { admitted, refused } from '../support/table';
import { kindOf, WORKLOADS } from '../support/workloads';

const IMAGE = `registry.example.com/team/app@sha256:${'1a'.repeat(32)}`;
const OTHER = `registry.example.com/team/app@sha256:${'2b'.repeat(32)}`;
const ELSEWHERE = `registry.example.com/team/other@sha256:${'1a'.repeat(32)}`;
const EXEMPT = 'registry.k8s.io/pause:3.10';
const NAMESPACE = 'guarded';
const FREE = 'kube-system';
const POD = 'kubernetes:core/v1:Pod';

const POLICIES = '/apis/admissionregistration.k8s.io/v1';

/** The API server's path for `kubernetes:apps/v1:Deployment`. */
function objectOf(type: string, name: string, body: object) {
  const [group = '', version = ''] = type.split(':')[1]!.split('/');
  const apiVersion = group === 'core' ? version : `${group}/${version}`;
  const plural = `${kindOf(type).toLowerCase()}s`;
  const api = group === 'core' ? '/api/v1' : `/apis/${apiVersion}`;
  return {
    path: (namespace: string) => `${api}/namespaces/${namespace}/${plural}`,
    body: { apiVersion, kind: kindOf(type), metadata: { name }, ...body },
  };
}

describe('a real API server with the policy of verified digests', () => {
  let cluster: Cluster;
  let made = 0;

  const create = (type: string, body: object, namespace = NAMESPACE) => {
    made += 1;
    const object = objectOf(type, `w-${made}`, body);
    return cluster.request('POST', object.path(namespace), object.body);
  };
  const run = (type: string, image: string, namespace = NAMESPACE) =>
    create(type, WORKLOADS[type]!(image), namespace);
  const pod = (spec: object) => create(POD, { spec });

  async function apply(manifests: readonly Manifest[]): Promise<void> {
    for (const manifest of manifests) {
      const answer = await cluster.request(
        'POST',
        `${POLICIES}/${`${manifest.kind.toLowerCase()}s`.replace('policys', 'policies')}`,
        manifest,
      );
      expect(answer).toMatchObject({ status: 201 });
    }
  }

  /** The API server applies a new policy within seconds, without reporting it. */
  async function inForce(type: string): Promise<void> {
    for (let tries = 0; tries < 120; tries += 1) {
      if ((await run(type, 'not-yet.example.com/in:force')).status === 403) return;
      await sleep(500);
    }
    throw new Error(`the policy for ${type} did not come into force`);
  }

  beforeAll(async () => {
    cluster = await startCluster();
    await cluster.request('POST', '/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: NAMESPACE },
    });
    await apply(
      digestPolicy({
        name: 'only-verified',
        images: [IMAGE],
        exempt: [{ image: 'registry.k8s.io/*', reason: 'comes with the cluster' }],
      }),
    );
    for (const type of Object.keys(WORKLOADS)) await inForce(type);
  }, 180_000);
  afterAll(() => cluster.stop());

  test.each(Object.keys(WORKLOADS))('admits the verified image in %s', async (type) => {
    expect(await run(type, IMAGE)).toMatchObject({ status: 201 });
    admitted(kindOf(type), 'cluster');
  });

  test.each(Object.keys(WORKLOADS))('refuses what was not verified in %s', async (type) => {
    for (const image of [OTHER, ELSEWHERE, 'registry.example.com/team/app:v1', 'nginx']) {
      const answer = await run(type, image);
      expect(answer).toMatchObject({
        status: 403,
        body: { message: expect.stringContaining(`not verified by pulumi-signed-image: ${image}`) },
      });
    }
    refused(kindOf(type), 'cluster');
  });

  test('refuses it in init containers and image volumes, and next to a verified one', async () => {
    const containers = [{ name: 'app', image: IMAGE }];
    const specs = [
      { containers, initContainers: [{ name: 'init', image: OTHER }] },
      { containers: [...containers, { name: 'side', image: OTHER }] },
      { containers, volumes: [{ name: 'v', image: { reference: OTHER } }] },
    ];
    for (const spec of specs) expect(await pod(spec)).toMatchObject({ status: 403 });
    expect(
      await pod({ containers, volumes: [{ name: 'v', image: { reference: IMAGE } }] }),
    ).toMatchObject({ status: 201 });
  });

  test('refuses it as an ephemeral container of a pod that runs', async () => {
    const answer = await pod({ containers: [{ name: 'app', image: IMAGE }] });
    const running = answer.body as { metadata: { name: string }; spec: object };
    const path = `/api/v1/namespaces/${NAMESPACE}/pods/${running.metadata.name}/ephemeralcontainers`;
    const debug = (image: string) =>
      cluster.request('PUT', path, {
        ...running,
        spec: { ...running.spec, ephemeralContainers: [{ name: 'debug', image }] },
      });
    expect(await debug(OTHER)).toMatchObject({ status: 403 });
    expect(await debug(IMAGE)).toMatchObject({ status: 200 });
  });

  test('refuses an update to another image', async () => {
    const type = 'kubernetes:apps/v1:Deployment';
    const { body } = await run(type, IMAGE);
    const { metadata } = body as { metadata: { name: string; resourceVersion: string } };
    const object = objectOf(type, metadata.name, WORKLOADS[type]!(OTHER));
    const answer = await cluster.request('PUT', `${object.path(NAMESPACE)}/${metadata.name}`, {
      ...object.body,
      metadata,
    });
    expect(answer).toMatchObject({ status: 403 });
  });

  test('admits exempt images, and all images in namespaces to which it does not apply', async () => {
    expect(await run(POD, EXEMPT)).toMatchObject({ status: 201 });
    expect(await run(POD, 'registry.k8s.io.evil.example/pause')).toMatchObject({ status: 403 });
    expect(await run(POD, 'nginx', FREE)).toMatchObject({ status: 201 });
  });

  test('has expressions that the API server finds no fault with', async () => {
    const { body } = await cluster.request('GET', `${POLICIES}/validatingadmissionpolicies`);
    const { items } = body as {
      items: { status?: { typeChecking?: { expressionWarnings?: unknown } } }[];
    };
    expect(items).toHaveLength(5);
    for (const { status } of items) {
      expect(status?.typeChecking?.expressionWarnings ?? []).toEqual([]);
    }
  });
});
