/** What `pulumi --policy-pack` runs; policy/package.json points here. */
import { PolicyPack } from '@pulumi/policy';

import { signedImagePolicies } from './policies';

new PolicyPack('signed-image', {
  description: 'Workloads run images that this stack signed and verified, and nothing else.',
  displayName: 'Signed images',
  policies: signedImagePolicies(),
});
