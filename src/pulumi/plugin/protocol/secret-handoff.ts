import type { Value } from './wire-value';

/**
 * Private keys, key passwords and build secrets are taken out of a resource's inputs in `check`,
 * so that they are not in the state, not even encrypted; `create` and `update`, which the engine
 * calls in the same process with what `check` returned, find them here (docs/adr/0004).
 */
export interface SecretHandoff {
  put(urn: string, secrets: Readonly<Record<string, Value>>): void;
  take(urn: string): Readonly<Record<string, Value>> | undefined;
}

export function createSecretHandoff(): SecretHandoff {
  const kept = new Map<string, Readonly<Record<string, Value>>>();
  return {
    put: (urn, secrets) => void kept.set(urn, secrets),
    // Kept until the process ends: an engine may preview and update, or retry, after one `check`.
    take: (urn) => kept.get(urn),
  };
}
