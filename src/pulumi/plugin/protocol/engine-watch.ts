import { grpc } from './pulumi-grpc';

/** Delay before a lost connection counts as the end of the engine: a connection may be opened again. */
const RECONNECT_MS = 2_000;

const { READY } = grpc.connectivityState;

/**
 * Calls `onEnd` when the engine has ended. The engine stops its plugins, but not if it was killed itself, and a plugin
 * that remained would keep its memory and could still write. An engine that was never reached is not watched.
 */
export function watchEngine(address: string | undefined, onEnd: () => void): void {
  if (!address) return;
  const client = new grpc.Client(address, grpc.credentials.createInsecure(), {
    'grpc.enable_http_proxy': 0,
  });
  const channel = client.getChannel();
  let wasConnected = false;
  let lost: NodeJS.Timeout | undefined;
  const watch = (): void => {
    const state = channel.getConnectivityState(true);
    if (state === READY) {
      wasConnected = true;
      clearTimeout(lost);
      lost = undefined;
    } else if (wasConnected) lost ??= setTimeout(onEnd, RECONNECT_MS);
    channel.watchConnectivityState(state, Infinity, (error) => {
      if (!error) watch();
    });
  };
  watch();
}
