import type { KeySource } from '../backend';
import { generateAwsKey } from './generation';
import { awsRemoteKey } from './backend';
import { AWS_EXAMPLE, AWS_PREFIX, parseAwsReference } from './reference';

/** Keys in AWS KMS. */
export const awsKeys: KeySource = {
  prefixes: [AWS_PREFIX],
  example: AWS_EXAMPLE,
  parse: (ref) => awsRemoteKey(parseAwsReference(ref)),
  generate: (ref, _request, host) => generateAwsKey(ref, host),
};
