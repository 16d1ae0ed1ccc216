import { isLoopback } from '../http/local-address';
import type { BuildRequest } from './builder';

/**
 * Whether the push registry is used without verified TLS. This is the registry client's rule, so that
 * push and verification agree. A declared CA or client certificate always means TLS.
 */
export function skipsTls({ reference, registry }: BuildRequest): boolean {
  if ((registry.caFile ?? registry.clientCertificate) !== undefined) return false;
  return registry.insecure || isLoopback(new URL(`http://${reference.repository.registry}`));
}
