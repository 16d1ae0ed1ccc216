import type { KeySource } from '../source';
import { generateAwsKey } from './generation';
import { awsKeyPlace } from './place';
import { AWS_EXAMPLE, AWS_PREFIX, parseAwsReference } from './reference';

/** Keys in AWS KMS. */
export const awsKeys: KeySource = {
  prefixes: [AWS_PREFIX],
  example: AWS_EXAMPLE,
  parse: (ref) => awsKeyPlace(parseAwsReference(ref)),
  generate: (ref, _request, host) => generateAwsKey(ref, host),
};
