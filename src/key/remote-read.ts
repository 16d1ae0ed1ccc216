import type { KeyHost } from './backend';

const looks = new WeakMap<KeyHost, Map<string, Promise<unknown>>>();

/**
 * What a service said of a key, asked for once per host (a run of the plugin has one): a hundred
 * images with one key are one question. A failure is not kept.
 */
export function lookOnce<T>(host: KeyHost, slot: string, look: () => Promise<T>): Promise<T> {
  const known = looks.get(host) ?? new Map<string, Promise<unknown>>();
  looks.set(host, known);
  const earlier = known.get(slot);
  if (earlier !== undefined) return earlier as Promise<T>;
  const pending = look();
  known.set(slot, pending);
  pending.catch(() => known.delete(slot));
  return pending;
}
