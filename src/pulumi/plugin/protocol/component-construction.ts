import {
  type ComponentResourceOptions,
  InputPropertiesError,
  InputPropertyError,
  type Inputs,
} from '@pulumi/pulumi';
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
  const image = createComponent(name, inputs as SignedImageArgs, options);
  return { urn: image.urn, state: outputsOf(image) };
}

/**
 * Creates the component. The engine prints the value of each property that an error has a path to, also one that is
 * secret: the paths are in the message instead.
 */
function createComponent(
  name: string,
  args: SignedImageArgs,
  options: ComponentResourceOptions,
): SignedImage {
  try {
    return new SignedImage(name, args, options);
  } catch (error) {
    if (InputPropertyError.isInstance(error)) throw withoutPaths('invalid argument', [error]);
    if (!InputPropertiesError.isInstance(error)) throw error;
    throw withoutPaths(error.message, error.errors ?? []);
  }
}

function withoutPaths(
  message: string,
  errors: readonly { readonly propertyPath: string; readonly reason: string }[],
): InputPropertiesError {
  const problems = errors.map(({ propertyPath, reason }) => `${propertyPath}: ${reason}`);
  return new InputPropertiesError({ message: `${message}: ${problems.join('; ')}`, errors: [] });
}
