import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type Cluster, startCluster } from '../../dev/cluster';
import { type KeyHost, loadPublicKey } from '../../src/sign';
import { kubernetesKeys } from '../../src/key/kubernetes';
import { kubernetesKey } from '../../src/key/kubernetes/kubernetes-keys';
import { NAMESPACE, prepareNamespace, SIGNER } from './kubernetes';

const REF = `k8s://${NAMESPACE}/cosign`;
const ACCOUNTS = `/api/v1/namespaces/${NAMESPACE}/serviceaccounts`;

let cluster: Cluster;
let folder: string;

const host = (env: KeyHost['env']): KeyHost => ({
  env,
  readFile: (path) => readFile(path, 'utf8'),
});
const as = (user: string): KeyHost => host({ KUBECONFIG: cluster.kubeconfigOf(user) });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kubernetes-'));
  cluster = await startCluster({ users: [SIGNER, 'stranger'] });
  await prepareNamespace(cluster);
  await kubernetesKeys.generate?.(REF, { password: '' }, as('admin'));
}, 120_000);
afterAll(async () => {
  await cluster?.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('a real API server', () => {
  test('keeps the key in a secret that cannot be changed, nor made again', async () => {
    const path = `/api/v1/namespaces/${NAMESPACE}/secrets/cosign`;
    expect((await cluster.request('GET', path)).body).toMatchObject({ immutable: true });
    const again = kubernetesKeys.generate?.(REF, { password: '' }, as('admin'));
    await expect(again).rejects.toMatchObject({ code: 'KEY_EXISTS' });
  });

  test('denies another user, and the error has the missing rule', async () => {
    const error = loadPublicKey(REF, as('stranger'));
    await expect(error).rejects.toMatchObject({ code: 'KEY_FORBIDDEN' });
    await expect(error).rejects.toThrow(/User "stranger" cannot get resource "secrets"/);
    await expect(error).rejects.toThrow(/resourceNames: \["cosign"\], verbs: \["get"\]/);
    const making = kubernetesKeys.generate?.(`k8s://${NAMESPACE}/new`, {}, as(SIGNER));
    await expect(making).rejects.toThrow(/verbs: \["create"\]/);
  });

  test('distinguishes an absent secret from an absent namespace', async () => {
    const absent = loadPublicKey(`k8s://${NAMESPACE}/absent`, as('admin'));
    await expect(absent).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
    const nowhere = kubernetesKeys.generate?.('k8s://absent/cosign', {}, as('admin'));
    await expect(nowhere).rejects.toThrow(/no namespace absent/);
  });

  test('does not take a token that is not its own', async () => {
    const config = JSON.parse(await readFile(cluster.kubeconfig, 'utf8')) as {
      users: { user: { token: string } }[];
    };
    const [first] = config.users;
    if (first !== undefined) first.user.token = 'canary-expired-token';
    const path = join(folder, 'expired');
    await writeFile(path, JSON.stringify(config));
    const error = loadPublicKey(REF, host({ KUBECONFIG: path }));
    await expect(error).rejects.toMatchObject({ code: 'KEY_FORBIDDEN' });
    await expect(error).rejects.toThrow(/HTTP 401/);
  });

  test('authenticates a pod by the token of its service account', async () => {
    await cluster.request('POST', ACCOUNTS, { metadata: { name: 'signer' } });
    const { body } = await cluster.request('POST', `${ACCOUNTS}/signer/token`, { spec: {} });
    const { token } = (body as { status: { token: string } }).status;
    const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${NAMESPACE}/rolebindings`;
    await cluster.request('POST', rbac, {
      metadata: { name: 'pod' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'sign' },
      subjects: [{ kind: 'ServiceAccount', name: 'signer', namespace: NAMESPACE }],
    });
    await writeFile(join(folder, 'token'), token);
    await writeFile(join(folder, 'ca.crt'), cluster.ca);
    const { hostname, port } = new URL(cluster.server);
    const pod = host({ KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port });
    const secret = { namespace: NAMESPACE, name: 'cosign' };
    const place = kubernetesKey(secret, { serviceAccount: folder });
    await expect(place.readPublicKey(pod)).resolves.toContain('-----BEGIN PUBLIC KEY-----');
  });
});
