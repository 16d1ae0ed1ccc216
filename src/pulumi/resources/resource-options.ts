import * as pulumi from '@pulumi/pulumi';

import { PACKAGE_VERSION } from '../package';

/** The plugin returns `null` for an output without a value; the declared type is `undefined`. */
export function absentIfNull<T>(
  output: pulumi.Output<T | undefined>,
): pulumi.Output<T | undefined> {
  return output.apply((value) => value ?? undefined) as pulumi.Output<T | undefined>;
}

/**
 * The version goes with every resource of this package: without it the engine would look for a
 * second, versionless provider.
 */
export function withVersion(options?: pulumi.CustomResourceOptions): pulumi.CustomResourceOptions {
  return pulumi.mergeOptions({ version: PACKAGE_VERSION }, options ?? {});
}
