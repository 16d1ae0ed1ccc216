import type * as Kubernetes from '@kubernetes/client-node' with { 'resolution-mode': 'import' };

/** What kubeconfig holds that no error may show. */
export function secretsOf(config: Kubernetes.KubeConfig): string[] {
  const { token, password, keyData } = config.getCurrentUser() ?? {};
  return [token, password, keyData].filter((text) => text !== undefined && text !== null);
}

/** The time is bounded from outside, too: a plugin that hangs has not sent anything yet. */
export async function bounded<T>(
  timeoutMs: number,
  ask: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const late = new Error(`no answer within ${timeoutMs / 1000} s`);
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_settle, fail) => {
    timer = setTimeout(() => {
      fail(late);
      stop.abort(late);
    }, timeoutMs);
  });
  try {
    return await Promise.race([ask(stop.signal), timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/** The API as `KubeConfig.makeApiClient` makes it, with a signal that ends the request. */
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
