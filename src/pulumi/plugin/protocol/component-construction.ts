import type { ComponentResourceOptions, Inputs } from '@pulumi/pulumi';
import type { ConstructResult } from '@pulumi/pulumi/provider';

import { outputsOf, SignedImage } from '../../component/signed-image';
import type { SignedImageArgs } from '../../component/args';
import { token } from '../../package';

/** Creates the component for a program in another language (a remote component). */
export async function constructComponent(
  name: string,
  type: string,
  inputs: Inputs,
  options: ComponentResourceOptions,
): Promise<ConstructResult> {
  if (type !== token('SignedImage')) {
    throw new Error(
      `this plugin has no component ${type}; check that the versions of the plugin and of the SDK match`,
    );
  }
  // The engine has not validated the inputs: the `check` of the plan does.
  const image = new SignedImage(name, inputs as SignedImageArgs, options);
  return { urn: image.urn, state: outputsOf(image) };
}
