import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { load } from 'js-yaml';

import { type Cluster, startCluster } from '../../../dev/cluster';
import { openPodApi } from '../../../src/audit';
import {
  type AuditLab,
  openAuditLab,
  push,
  type PushedImage,
  sign,
} from '../../audit/support/audit-lab';
import { run } from '../../cli/support';
import { failureOf } from '../../sign/support/failure';
import { testHost } from '../../sign/support/host';
import { newKey } from '../../verify/support/lab';

/** Has the role that `audit rbac` prints, everywhere. */
const AUDITOR = 'auditor';
/** Has it in one namespace. */
const GUEST = 'guest';
const NAMESPACES = ['shop', 'bank'];

const RBAC = '/apis/rbac.authorization.k8s.io/v1';

// The whole command, on machines that are busy.
jest.setTimeout(180_000);

describe('an audit of a real API server', () => {
  let cluster: Cluster;
  let lab: AuditLab;
  let folder: string;
  let key: string;
  let signed: PushedImage;
  let unsigned: PushedImage;
  let theirs: PushedImage;

  async function create(path: string, body: object): Promise<void> {
    const answer = await cluster.request('POST', path, body);
    expect(answer).toMatchObject({ status: 201 });
  }

  /** Binds the output of `audit rbac` to a user instead of the service account. */
  async function grant(user: string, args: readonly string[]): Promise<void> {
    const { code, stdout } = await run(['audit', 'rbac', ...args]);
    expect(code).toBe(0);
    const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }];
    for (const text of stdout.split('---\n')) {
      const object = load(text) as {
        readonly kind: string;
        readonly metadata: { readonly name: string; readonly namespace?: string };
      };
      const { kind, metadata } = object;
      if (kind === 'ServiceAccount') {
        await create(`/api/v1/namespaces/${metadata.namespace}/serviceaccounts`, object);
      } else if (kind === 'ClusterRole') {
        const answer = await cluster.request('POST', `${RBAC}/clusterroles`, object);
        // Both users have the same role.
        expect([201, 409]).toContain(answer.status);
      } else {
        const within =
          metadata.namespace === undefined
            ? '/clusterrolebindings'
            : `/namespaces/${metadata.namespace}/rolebindings`;
        await create(`${RBAC}${within}`, { ...object, subjects });
      }
    }
  }

  /** Without a node, its report is written to the status. */
  async function runPod(namespace: string, name: string, image: string, imageID: string) {
    const path = `/api/v1/namespaces/${namespace}/pods`;
    await create(path, { metadata: { name }, spec: { containers: [{ name: 'app', image }] } });
    const { body } = await cluster.request('GET', `${path}/${name}`);
    const state = { running: { startedAt: '2026-01-02T03:04:05Z' } };
    const status = {
      phase: 'Running',
      containerStatuses: [
        { name: 'app', image, imageID, state, ready: true, restartCount: 0, started: true },
      ],
    };
    const answer = await cluster.request('PUT', `${path}/${name}/status`, {
      ...(body as object),
      status,
    });
    expect(answer).toMatchObject({ status: 200 });
  }

  beforeAll(async () => {
    [cluster, lab] = await Promise.all([startCluster({ users: [AUDITOR, GUEST] }), openAuditLab()]);
    folder = await mkdtemp(join(tmpdir(), 'real-audit-'));
    key = join(folder, 'cosign.pub');
    await writeFile(key, lab.ours.publicKey.pem);
    for (const name of NAMESPACES) await create('/api/v1/namespaces', { metadata: { name } });
    await create('/api/v1/namespaces', { metadata: { name: 'ops' } });
    await create('/api/v1/namespaces', { metadata: { name: 'guests' } });
    await grant(AUDITOR, ['--service-account', 'ops/auditor']);
    await grant(GUEST, ['--service-account', 'guests/auditor', '-n', 'bank']);
    [signed, unsigned, theirs] = [await push(lab), await push(lab), await push(lab)];
    await sign(lab, [signed], lab.ours);
    await sign(lab, [theirs], newKey(lab.lab, { log: true }));
    const tagged = (ref: string): string => `${ref.split('@')[0]}:v1`;
    await runPod('bank', 'vault', tagged(signed.ref), signed.ref);
    await runPod('shop', 'web', tagged(signed.ref), `docker-pullable://${signed.ref}`);
    await runPod('shop', 'cart', tagged(unsigned.ref), unsigned.ref);
    await runPod('shop', 'ads', tagged(theirs.ref), theirs.ref);
    await runPod('shop', 'loaded', 'loaded:v1', `sha256:${'1a'.repeat(32)}`);
  }, 300_000);
  afterAll(async () => {
    await Promise.all([cluster?.stop(), lab?.close()]);
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  const audit = (user: string, ...args: readonly string[]) =>
    run(['audit', 'cluster', '--key', key, '--kubeconfig', cluster.kubeconfigOf(user), ...args]);

  test('reports the state of each image, with the permissions of the printed role', async () => {
    const { code, stdout } = await audit(AUDITOR, '-o', 'json');
    expect(code).toBe(1);
    const report = JSON.parse(stdout) as {
      readonly summary: object;
      readonly images: readonly { readonly image: string; readonly status: string }[];
    };
    expect(report.summary).toEqual({
      match: 1,
      'not-signed': 1,
      'signed-by-another': 1,
      'unknown-image': 1,
    });
    const statuses = Object.fromEntries(report.images.map(({ image, status }) => [image, status]));
    expect(statuses).toEqual({
      [signed.ref]: 'match',
      [unsigned.ref]: 'not-signed',
      [theirs.ref]: 'signed-by-another',
      'loaded:v1': 'unknown-image',
    });
    expect(stdout).not.toContain('canary');
  });

  test('reads many pods page by page', async () => {
    const host = testHost({ env: { KUBECONFIG: cluster.kubeconfigOf(AUDITOR) } });
    const source = await openPodApi(host, { pageSize: 2 });
    const pods = (await source.containers([])).map(({ pod }) => pod);
    expect(pods.sort()).toEqual(['ads', 'cart', 'loaded', 'vault', 'web']);
  });

  test('is limited to one namespace if the role is bound there only', async () => {
    expect(await audit(GUEST, '-n', 'bank')).toMatchObject({ code: 0 });
    for (const args of [[], ['-n', 'shop']]) {
      const { code, stderr } = await audit(GUEST, ...args);
      expect(code).toBe(3);
      expect(stderr).toMatch(/error\[CLUSTER_UNREADABLE\].*signed-image audit rbac/s);
      expect(stderr).not.toContain('canary');
    }
  });

  test('could change nothing, and read no secret', async () => {
    for (const [verb, resource] of [
      ['delete', 'pods'],
      ['create', 'pods'],
      ['get', 'secrets'],
      ['watch', 'pods'],
    ]) {
      const { body } = await cluster.request(
        'POST',
        '/apis/authorization.k8s.io/v1/subjectaccessreviews',
        { spec: { user: AUDITOR, resourceAttributes: { namespace: 'shop', verb, resource } } },
      );
      expect(body).toMatchObject({ status: { allowed: false } });
    }
  });

  test('a token that the server does not know ends with 3', async () => {
    const text = JSON.stringify({
      clusters: [
        {
          name: 'dev',
          cluster: {
            server: cluster.server,
            'certificate-authority-data': Buffer.from(cluster.ca).toString('base64'),
          },
        },
      ],
      users: [{ name: 'me', user: { token: 'canary-of-nobody' } }],
      contexts: [{ name: 'dev', context: { cluster: 'dev', user: 'me' } }],
      'current-context': 'dev',
    });
    const path = join(folder, 'kubeconfig');
    await writeFile(path, text);
    const host = testHost({ env: { KUBECONFIG: path } });
    const error = await failureOf((await openPodApi(host)).containers([]));
    expect(error).toMatchObject({ code: 'CLUSTER_UNREADABLE' });
    expect(error.message).toContain('HTTP 401');
    expect(error.message).not.toContain('canary');
  });
});
