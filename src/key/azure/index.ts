import type { KeySource } from '../backend';
import { generateAzureKey } from './generation';
import { azureRemoteKey } from './backend';
import { AZURE_EXAMPLE, AZURE_PREFIX, parseAzureReference } from './reference';

/** Keys in Azure Key Vault. */
export const azureKeys: KeySource = {
  prefixes: [AZURE_PREFIX],
  example: AZURE_EXAMPLE,
  parse: (ref) => azureRemoteKey(parseAzureReference(ref)),
  generate: (ref, _request, host) => generateAzureKey(ref, host),
};
