import { join } from 'node:path';

import { type Agent, fetch } from 'undici';

import type { ClusterCredentials } from './credentials';
import { freePort, type ServerProcess, startProcess } from './server-process';
import { clusterTool } from './tools';

export interface ControllerManagerOptions {
  readonly folder: string;
  readonly credentials: ClusterCredentials;
  /** Path of the kubeconfig of `CONTROLLERS_USER`. */
  readonly kubeconfig: string;
}

export interface ControllerManager {
  readonly server: ServerProcess;
  isHealthy(agent: Agent): Promise<boolean>;
}

/**
 * Starts the real controllers: Deployments, Jobs, garbage collection and the others, each with its
 * default service account and roles.
 * https://kubernetes.io/docs/reference/command-line-tools-reference/kube-controller-manager/
 */
export async function startControllerManager({
  folder,
  credentials,
  kubeconfig,
}: ControllerManagerOptions): Promise<ControllerManager> {
  const port = await freePort();
  const args = [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    `--tls-cert-file=${credentials.certFile}`,
    `--tls-private-key-file=${credentials.keyFile}`,
    `--root-ca-file=${credentials.caFile}`,
    `--service-account-private-key-file=${credentials.accountsKeyFile}`,
    '--use-service-account-credentials=true',
    '--leader-elect=false',
    // The nodes of a test report once that they are ready, and do not send heartbeats.
    '--node-monitor-grace-period=24h',
    '--profiling=false',
  ];
  const program = clusterTool('kube-controller-manager');
  const server = startProcess(
    'kube-controller-manager',
    program,
    args,
    join(folder, 'kube-controller-manager.log'),
  );
  return {
    server,
    isHealthy: async (agent) => {
      try {
        return (await fetch(`https://127.0.0.1:${port}/healthz`, { dispatcher: agent })).ok;
      } catch {
        return false;
      }
    },
  };
}
