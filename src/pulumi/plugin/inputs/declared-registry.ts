import type { DeclaredRegistry } from '../../../oci';
import type { InputReader } from './input-reader';

/** Declared access to a registry; without any member, the docker config is used. */
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

/** The values of `deletion`: what a delete or a replacement removes from the registry. */
const DELETIONS = ['keep', 'signatures', 'all'] as const;

type Deletion = (typeof DELETIONS)[number];

export function readDeletion(inputs: InputReader): Deletion {
  return inputs.at('deletion').word(DELETIONS) ?? 'keep';
}

/** What to do if a registry does not support deletion. */
export const DELETION_ADVICE =
  'allow deletion there (for distribution: REGISTRY_STORAGE_DELETE_ENABLED=true) and remove them by hand, or set `deletion` to "keep"';
