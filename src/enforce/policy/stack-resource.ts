import type { CheckedResource } from '../program/resource-check';
import { PACKAGE_NAME, token } from '../../pulumi/package';

/** A resource as a policy sees it. */
export interface ValidatedResource extends CheckedResource {
  readonly urn: string;
  /**
   * Type of the provider that made it; none for a component. A component may have any type and any
   * outputs that its author likes, so nothing that it says is proof.
   */
  readonly provider?: string;
}

/** A resource of the finished stack, by its outputs. */
export interface StackResource extends ValidatedResource {
  readonly parent?: string;
  /** URNs. */
  readonly dependencies: readonly string[];
  /** URNs, by property. */
  readonly propertyDependencies: Readonly<Record<string, readonly string[]>>;
}

/** The only resource whose output is proof: it exists only if what the registry holds was verified. */
export const VERIFIED_IMAGE = token('VerifiedImage');

/** Whether a resource was made by the plugin of this package; a component of the same type is not. */
export function isOfOurProvider(provider: string | undefined): boolean {
  return provider === `pulumi:providers:${PACKAGE_NAME}`;
}
