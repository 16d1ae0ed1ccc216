import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Agent, fetch } from 'undici';

import { startControllerManager } from './controller-manager';
import { type ClusterCredentials, CONTROLLERS_USER, makeCredentials } from './credentials';
import { freePort, type ServerProcess, startProcess } from './server-process';
import { clusterTool } from './tools';

/** A response of the API server. */
export interface ClusterAnswer {
  readonly status: number;
  /** The JSON value. */
  readonly body: unknown;
}

/** A real API server with a real etcd, and optionally the real controllers; without nodes (see `node.ts`). */
export interface Cluster {
  /** `https://127.0.0.1:PORT` */
  readonly server: string;
  /** PEM of the authority of its certificate. */
  readonly ca: string;
  /** Path of the kubeconfig of `admin`, who has all permissions. */
  readonly kubeconfig: string;
  /** Path of the kubeconfig of another user. */
  kubeconfigOf(user: string): string;
  /** Sends a request as `admin`. `path`: `/api/v1/namespaces`. */
  request(method: string, path: string, body?: object): Promise<ClusterAnswer>;
  stop(): Promise<void>;
}

export interface ClusterOptions {
  /** Users besides `admin`, without permissions until a role is bound to them. Default: none. */
  readonly users?: readonly string[];
  /**
   * Starts the controller manager, and admits pods with their service account, as a cluster does.
   * Default: without controllers.
   */
  readonly controllers?: boolean;
}

/** https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/ */
function kubeconfig(server: string, caFile: string, user: string, token: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'dev', cluster: { server, 'certificate-authority': caFile } }],
    users: [{ name: user, user: { token } }],
    contexts: [{ name: 'dev', context: { cluster: 'dev', user } }],
    'current-context': 'dev',
  });
}

async function startEtcd(folder: string): Promise<{ server: ServerProcess; url: string }> {
  const [url, peers] = [
    `http://127.0.0.1:${await freePort()}`,
    `http://127.0.0.1:${await freePort()}`,
  ];
  const args = [
    `--data-dir=${join(folder, 'etcd')}`,
    `--listen-client-urls=${url}`,
    `--advertise-client-urls=${url}`,
    `--listen-peer-urls=${peers}`,
    `--initial-advertise-peer-urls=${peers}`,
    `--initial-cluster=default=${peers}`,
    // The data is temporary.
    '--unsafe-no-fsync',
  ];
  const program = clusterTool('etcd');
  return { url, server: startProcess('etcd', program, args, join(folder, 'etcd.log')) };
}

function startApiServer(
  folder: string,
  port: number,
  etcd: string,
  credentials: ClusterCredentials,
  controllers: boolean,
): ServerProcess {
  const args = [
    `--etcd-servers=${etcd}`,
    '--bind-address=127.0.0.1',
    '--external-hostname=127.0.0.1',
    `--secure-port=${port}`,
    `--tls-cert-file=${credentials.certFile}`,
    `--tls-private-key-file=${credentials.keyFile}`,
    `--token-auth-file=${credentials.tokenFile}`,
    '--anonymous-auth=false',
    '--authorization-mode=RBAC',
    '--service-cluster-ip-range=10.0.0.0/24',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-signing-key-file=${credentials.accountsKeyFile}`,
    `--service-account-key-file=${credentials.accountsPublicKeyFile}`,
    '--enable-admission-plugins=ValidatingAdmissionPolicy',
    // Without controllers, namespaces do not have a service account, and every pod would be refused.
    ...(controllers ? [] : ['--disable-admission-plugins=ServiceAccount']),
    // It has only the loopback address, which pods could not use.
    '--endpoint-reconciler-type=none',
    '--profiling=false',
  ];
  return startProcess(
    'kube-apiserver',
    clusterTool('kube-apiserver'),
    args,
    join(folder, 'kube-apiserver.log'),
  );
}

/** Starts the servers, which takes about 10 seconds. `node dev/tools/build.mjs kubernetes` must have built them. */
export async function startCluster({
  users = [],
  controllers = false,
}: ClusterOptions = {}): Promise<Cluster> {
  const folder = await mkdtemp(join(tmpdir(), 'cluster-'));
  const started: ServerProcess[] = [];
  const accounts = controllers ? [...users, CONTROLLERS_USER] : users;
  const credentials = await makeCredentials(folder, accounts);
  const agent = new Agent({ connect: { ca: credentials.ca } });
  const stop = async (): Promise<void> => {
    await agent.destroy();
    for (const server of started.toReversed()) await server.stop();
    await rm(folder, { recursive: true, force: true });
  };

  const port = await freePort();
  const server = `https://127.0.0.1:${port}`;
  const request = async (method: string, path: string, body?: object): Promise<ClusterAnswer> => {
    const response = await fetch(`${server}${path}`, {
      method,
      dispatcher: agent,
      headers: {
        authorization: `Bearer ${credentials.tokens['admin']}`,
        accept: 'application/json',
        // https://kubernetes.io/docs/reference/using-api/api-concepts/#patch-and-apply
        'content-type':
          method === 'PATCH' ? 'application/strategic-merge-patch+json' : 'application/json',
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text.startsWith('{') ? JSON.parse(text) : text };
  };
  const kubeconfigOf = (user: string): string => join(folder, `kubeconfig-${user}`);

  try {
    const etcd = await startEtcd(folder);
    started.push(etcd.server);
    await etcd.server.untilReady(() => isHealthy(`${etcd.url}/health`));
    const apiServer = startApiServer(folder, port, etcd.url, credentials, controllers);
    started.push(apiServer);
    await apiServer.untilReady(async () => {
      const answer = await request('GET', '/readyz').catch(() => undefined);
      return answer?.status === 200;
    });
    for (const [user, token] of Object.entries(credentials.tokens)) {
      const text = kubeconfig(server, credentials.caFile, user, token);
      await writeFile(kubeconfigOf(user), text, { mode: 0o600 });
    }
    if (controllers) {
      const manager = await startControllerManager({
        folder,
        credentials,
        kubeconfig: kubeconfigOf(CONTROLLERS_USER),
      });
      started.push(manager.server);
      await manager.server.untilReady(() => manager.isHealthy(agent));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    server,
    ca: credentials.ca,
    kubeconfig: kubeconfigOf('admin'),
    kubeconfigOf,
    request,
    stop,
  };
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}
