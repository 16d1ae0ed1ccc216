import { awsKeys } from './aws';
import { azureKeys } from './azure';
import { gcpKeys } from './gcp';
import { gitlabKeys } from './gitlab/gitlab-keys';
import { kubernetesKeys } from './kubernetes';
import { pkcs11Keys } from './pkcs11/pkcs11-source';
import type { KeySource } from './backend';
import { vaultKeys } from './vault/vault-source';

/**
 * The key sources besides PEM text, files and variables. Each loads the SDK or library that it needs
 * only when a key is read from it.
 */
export const KEY_SOURCES: readonly KeySource[] = [
  kubernetesKeys,
  awsKeys,
  gcpKeys,
  azureKeys,
  gitlabKeys,
  vaultKeys,
  pkcs11Keys,
];
