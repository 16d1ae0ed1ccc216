import type { BuildRequest } from './builder';

/** Whether a registry is on this machine: there plain http is the custom, as in all container tools. */
export function isLoopbackRegistry(registry: string): boolean {
  const host = registry.replace(/:\d+$/, '');
  return host === 'localhost' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** Whether the registry is spoken to without verified TLS. An authority that was given is used. */
export function skipsTls({ reference, registry }: BuildRequest): boolean {
  if (registry.insecure) return true;
  return registry.caFile === undefined && isLoopbackRegistry(reference.repository.registry);
}
