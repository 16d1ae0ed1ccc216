import { createRequire } from 'node:module';

import * as pulumi from '@pulumi/pulumi';

import type { BuildSummaryOutput, SourceFactsOutput } from '../resources/signature-outputs';
import type { SigningPlan } from '../resources/signing-plan';
import type { BuildArgs, SignedImageArgs } from './args';
/** The image to sign. Its digest is a claim until the image is read back from the registry. */
export interface ImageSource {
  readonly digest: pulumi.Output<string>;
  readonly summary?: pulumi.Input<BuildSummaryOutput>;
  readonly facts?: pulumi.Input<SourceFactsOutput>;
}

/** The inputs of a builder. They depend on the plan, which has validated them. */
export interface ImageSourceRequest {
  readonly name: string;
  readonly plan: SigningPlan;
  readonly build: BuildArgs;
  readonly args: SignedImageArgs;
  readonly parent: pulumi.Resource;
}

/** Loads a provider's package on first use, because it is an optional dependency. */
export function requireProvider<T>(packageName: string, builder: string): T {
  try {
    return createRequire(__filename)(packageName) as T;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw cause;
    throw new pulumi.InputPropertyError({
      propertyPath: 'build.builder',
      reason: `${builder} requires the npm package ${packageName}: add it to the project (npm install ${packageName})`,
    });
  }
}
