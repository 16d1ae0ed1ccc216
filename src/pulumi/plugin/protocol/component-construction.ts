import type { ComponentResourceOptions, Inputs } from '@pulumi/pulumi';
import type { ConstructResult } from '@pulumi/pulumi/provider';

import { outputsOf, SignedImage } from '../../component/signed-image';
import type { SignedImageArgs } from '../../component/args';
import { token } from '../../package';

/** Makes the component for a program in another language (a remote component). */
export async function constructComponent(
  name: string,
  type: string,
  inputs: Inputs,
  options: ComponentResourceOptions,
): Promise<ConstructResult> {
  if (type !== token('SignedImage')) {
    throw new Error(
      `this plugin has no component ${type}; do its version and the program's agree?`,
    );
  }
  // The engine has checked nothing: the plan's check does, and says what is wrong.
  const image = new SignedImage(name, inputs as SignedImageArgs, options);
  return { urn: image.urn, state: outputsOf(image) };
}
