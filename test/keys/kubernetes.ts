import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type Cluster, startCluster } from '../../dev/cluster';
import { generateKey, processHost } from '../../src/sign';
import { runTool, toolPath } from '../interop/support/tools';
import type { RunningSource, SourceCase } from './source-case';

const PASSWORD = 'canary-password-of-a-secret';
export const NAMESPACE = 'build';
const REF = `k8s://${NAMESPACE}/cosign`;
export const SIGNER = 'signer';

async function apply(cluster: Cluster, path: string, body: object): Promise<void> {
  const { status } = await cluster.request('POST', path, body);
  if (status !== 201) throw new Error(`the cluster answered ${status} for ${path}`);
}

/** The namespace, and the minimal role for signers of docs/keys/kubernetes.md. */
export async function prepareNamespace(cluster: Cluster): Promise<void> {
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${NAMESPACE}`;
  await apply(cluster, '/api/v1/namespaces', { metadata: { name: NAMESPACE } });
  await apply(cluster, `${rbac}/roles`, {
    metadata: { name: 'sign' },
    rules: [{ apiGroups: [''], resources: ['secrets'], resourceNames: ['cosign'], verbs: ['get'] }],
  });
  await apply(cluster, `${rbac}/rolebindings`, {
    metadata: { name: 'sign' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'sign' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: SIGNER }],
  });
}

type Maker = (env: Record<string, string>, folder: string) => Promise<void>;

const madeByUs: Maker = async (env, folder) => {
  const password = async (): Promise<string> => PASSWORD;
  const outputPrefix = join(folder, 'cosign');
  await generateKey({ ref: REF, outputPrefix, password }, { ...processHost(), env });
};

const madeByCosign: Maker = async (env, cwd) => {
  const run = await runTool(toolPath('cosign'), ['generate-key-pair', REF], {
    cwd,
    env: { ...env, HOME: cwd, COSIGN_PASSWORD: PASSWORD },
  });
  if (run.code !== 0) throw new Error(run.stderr);
};

const inSecret = (make: Maker) => async (): Promise<RunningSource> => {
  const cluster = await startCluster({ users: [SIGNER] });
  const folder = await mkdtemp(join(tmpdir(), 'key-kubernetes-'));
  const stop = async (): Promise<void> => {
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await prepareNamespace(cluster);
    await make({ KUBECONFIG: cluster.kubeconfig }, folder);
  } catch (error) {
    await stop();
    throw error;
  }
  const env = { KUBECONFIG: cluster.kubeconfigOf(SIGNER) };
  return { config: { key: { ref: REF } }, env, publicRef: REF, cosign: { key: REF, env }, stop };
};

/** A real kube-apiserver; the signer has only the permissions in the docs. */
export const KUBERNETES_CASES: readonly SourceCase[] = [
  { source: 'k8s:// (made by us)', against: 'real', start: inSecret(madeByUs) },
  { source: 'k8s:// (made by cosign)', against: 'real', start: inSecret(madeByCosign) },
];
