import { delimiter, dirname, join } from 'node:path';

import type * as Kubernetes from '@kubernetes/client-node' with { 'resolution-mode': 'import' };

import { SignedImageError } from '../../error';
import type { KeyHost } from '../backend';

type Library = typeof Kubernetes;
type KubeConfig = Kubernetes.KubeConfig;

/** The folder with a pod's token and the certificate authority of its cluster. */
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

function failed(message: string, cause?: unknown): SignedImageError {
  return new SignedImageError({ code: 'KEY_SERVICE_FAILED', message, cause });
}

/** Reads the kubeconfig files that exist; a missing one is skipped, as by kubectl. */
async function configFiles({ env, readFile }: KeyHost): Promise<Map<string, string>> {
  const named = (env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  const home = env['HOME'] ?? env['USERPROFILE'];
  const usual = home ? [join(home, '.kube', 'config')] : [];
  const texts = new Map<string, string>();
  for (const path of named.length > 0 ? named : usual) {
    try {
      texts.set(path, await readFile(path));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
      throw failed(`the kubeconfig file ${path} cannot be read`, error);
    }
  }
  return texts;
}

function parsedFile({ KubeConfig }: Library, path: string, text: string): KubeConfig {
  const config = new KubeConfig();
  try {
    config.loadFromString(text);
  } catch {
    // A YAML error quotes the lines around it, which may hold a token.
    throw failed(`the kubeconfig file ${path} is damaged; check it with \`kubectl config view\``);
  }
  config.makePathsAbsolute(dirname(path));
  return config;
}

function firstOfEachName<T extends { readonly name: string }>(all: readonly T[]): T[] {
  return [...new Map(all.toReversed().map((each) => [each.name, each])).values()];
}

/** If several files define the same name, the first one wins, as with kubectl. */
function merged({ KubeConfig }: Library, files: readonly KubeConfig[]): KubeConfig {
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: firstOfEachName(files.flatMap(({ clusters }) => clusters)),
    users: firstOfEachName(files.flatMap(({ users }) => users)),
    contexts: firstOfEachName(files.flatMap(({ contexts }) => contexts)),
    currentContext: files.map((file) => file.currentContext).find(Boolean),
  });
  return config;
}

/** https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/ */
function inClusterConfig(
  { KubeConfig }: Library,
  { env }: KeyHost,
  folder: string,
): KubeConfig | undefined {
  const host = env['KUBERNETES_SERVICE_HOST'];
  const port = env['KUBERNETES_SERVICE_PORT'];
  if (!host || !port) return undefined;
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    {
      name: 'in-cluster',
      server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
      caFile: join(folder, 'ca.crt'),
      skipTLSVerify: false,
    },
    {
      name: 'in-cluster',
      authProvider: { name: 'tokenFile', config: { tokenFile: join(folder, 'token') } },
    },
  );
  return config;
}

/**
 * Returns the current cluster of kubeconfig (`KUBECONFIG`, else `~/.kube/config`), else the one that
 * this process runs in as a pod: cosign's order.
 *
 * @param serviceAccount the folder of a pod's credentials
 * @throws SignedImageError `KEY_SERVICE_FAILED`
 */
export async function clusterConfig(
  library: Library,
  host: KeyHost,
  serviceAccount = SERVICE_ACCOUNT,
): Promise<KubeConfig> {
  const texts = await configFiles(host);
  const files = [...texts].map(([path, text]) => parsedFile(library, path, text));
  const config = merged(library, files);
  if (config.getCurrentCluster() !== null) return config;
  const inCluster = inClusterConfig(library, host, serviceAccount);
  if (inCluster !== undefined) return inCluster;
  throw failed(
    files.length > 0
      ? `kubeconfig (${[...texts.keys()].join(', ')}) has no current context with a cluster; choose one with \`kubectl config use-context NAME\``
      : 'no Kubernetes cluster is configured: set KUBECONFIG to a kubeconfig file, or run in a pod of the cluster',
  );
}
