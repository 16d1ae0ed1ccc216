import type { DeclaredRegistry } from '../../../oci';
import type { InputReader } from './input-reader';

/** Access to a registry, as declared; all absent means the docker config. */
export type RegistryAccess = Omit<DeclaredRegistry, 'host' | 'ca'>;

export function readRegistry(registry: InputReader): RegistryAccess {
  return {
    username: registry.at('username').string(),
    password: registry.at('password').string(),
    caFile: registry.at('caFile').string(),
    clientCertificate: registry.at('clientCertificate').string(),
    clientKey: registry.at('clientKey').string(),
    insecure: registry.at('insecure').boolean(),
  };
}
