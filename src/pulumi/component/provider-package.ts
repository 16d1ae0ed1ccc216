import { createRequire } from 'node:module';

import * as pulumi from '@pulumi/pulumi';

/** Loads a provider's package on first use: it is an optional dependency. */
export function requireProvider<T>(packageName: string, builder: string): T {
  try {
    return createRequire(__filename)(packageName) as T;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw cause;
    throw new pulumi.InputPropertyError({
      propertyPath: 'build.builder',
      reason: `${builder} needs the npm package ${packageName}: add it to the project (npm install ${packageName})`,
    });
  }
}
