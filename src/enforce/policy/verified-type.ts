import { PACKAGE_NAME, token } from '../../pulumi/package';

/** The only resource whose output is proof: it exists only if what the registry holds was verified. */
export const VERIFIED_IMAGE = token('VerifiedImage');

/** Whether a resource was made by the plugin of this package; a component of the same type is not. */
export function isOfOurProvider(provider: string | undefined): boolean {
  return provider === `pulumi:providers:${PACKAGE_NAME}`;
}
