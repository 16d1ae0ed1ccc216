import { isLoopback } from '../http/local-address';
import type { BuildRequest } from './builder';

/**
 * Whether the push registry is spoken to without verified TLS: the registry client's own rule, so
 * that what pushes and what verifies agree. An authority that was given means TLS, always.
 */
export function skipsTls({ reference, registry }: BuildRequest): boolean {
  if (registry.caFile !== undefined) return false;
  return registry.insecure || isLoopback(new URL(`http://${reference.repository.registry}`));
}
