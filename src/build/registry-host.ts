import { isLoopback } from '../http/local-address';
import type { BuildRequest } from './builder';

/**
 * Whether the push registry is spoken to without verified TLS: the registry client's own rule, so
 * that what pushes and what verifies agree. An authority or a client certificate that was given
 * means TLS, always.
 */
export function skipsTls({ reference, registry }: BuildRequest): boolean {
  if ((registry.caFile ?? registry.clientCertificate) !== undefined) return false;
  return registry.insecure || isLoopback(new URL(`http://${reference.repository.registry}`));
}
