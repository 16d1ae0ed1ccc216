import type { CheckedResource } from '../program/resource-check';
import { PACKAGE_NAME, token } from '../../pulumi/package';

/** A resource that a policy validates. */
export interface ValidatedResource extends CheckedResource {
  readonly urn: string;
  /**
   * Type of the provider that creates it; absent for a component. A component can have any type and any
   * outputs that its author chooses, so its outputs prove nothing.
   */
  readonly provider?: string;
}

/** A resource of the finished stack, with its outputs. */
export interface StackResource extends ValidatedResource {
  readonly parent?: string;
  /** URNs. */
  readonly dependencies: readonly string[];
  /** URNs, by property. */
  readonly propertyDependencies: Readonly<Record<string, readonly string[]>>;
}

/** The only resource whose output is proof: it exists only if the content of the registry was verified. */
export const VERIFIED_IMAGE = token('VerifiedImage');

/** Whether a resource is created by the plugin of this package; a component of the same type is not. */
export function isOfOurProvider(provider: string | undefined): boolean {
  return provider === `pulumi:providers:${PACKAGE_NAME}`;
}
