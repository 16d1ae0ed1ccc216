import type { KeySource } from '../backend';
import { generateGcpKey } from './generation';
import { gcpRemoteKey } from './backend';
import { GCP_EXAMPLE, GCP_PREFIX, parseGcpReference } from './reference';

/** Keys in Google Cloud KMS. */
export const gcpKeys: KeySource = {
  prefixes: [GCP_PREFIX],
  example: GCP_EXAMPLE,
  parse: (ref) => gcpRemoteKey(parseGcpReference(ref)),
  generate: (ref, _request, host) => generateGcpKey(ref, host),
};
