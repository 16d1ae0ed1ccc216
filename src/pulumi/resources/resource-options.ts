import * as pulumi from '@pulumi/pulumi';

import { PACKAGE_VERSION } from '../package';

/**
 * The version goes with every resource of this package: without it the engine would look for a
 * second, versionless provider.
 */
export function withVersion(options?: pulumi.CustomResourceOptions): pulumi.CustomResourceOptions {
  return pulumi.mergeOptions({ version: PACKAGE_VERSION }, options ?? {});
}
