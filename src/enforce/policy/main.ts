/** Entry point of `pulumi --policy-pack`; policy/package.json refers to it. */
import '../../host/require-node';

import { PolicyPack } from '@pulumi/policy';

import { signedImagePolicies } from './policies';

new PolicyPack('signed-image', {
  description: 'Workloads run only images that this stack signed and verified.',
  displayName: 'Signed images',
  policies: signedImagePolicies(),
});
