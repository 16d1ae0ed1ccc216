import type * as Kubernetes from '@kubernetes/client-node' with { 'resolution-mode': 'import' };

/** Returns the secrets in kubeconfig, which must not appear in errors. */
export function secretsOf(config: Kubernetes.KubeConfig): string[] {
  const { token, password, keyData } = config.getCurrentUser() ?? {};
  return [token, password, keyData].filter((text) => text !== undefined && text !== null);
}

/** Limits the total time, as a credential plugin may hang before any request is sent. */
export async function bounded<T>(
  timeoutMs: number,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const late = new Error(`no response within ${timeoutMs / 1000} s`);
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_settle, fail) => {
    timer = setTimeout(() => {
      fail(late);
      stop.abort(late);
    }, timeoutMs);
  });
  try {
    return await Promise.race([call(stop.signal), timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/** Creates the client as `KubeConfig.makeApiClient` does, with a signal that aborts the request. */
export function coreApi(
  { CoreV1Api, ServerConfiguration, createConfiguration }: typeof Kubernetes,
  config: Kubernetes.KubeConfig,
  signal: AbortSignal,
): Kubernetes.CoreV1Api {
  return new CoreV1Api(
    createConfiguration({
      baseServer: new ServerConfiguration(config.getCurrentCluster()?.server ?? '', {}),
      authMethods: { default: config },
      promiseMiddleware: [
        {
          pre: async (request) => {
            request.setSignal(signal);
            return request;
          },
          post: async (response) => response,
        },
      ],
    }),
  );
}
