import type { CheckedResource } from '../program/resource-check';

/** A resource as a policy sees it. */
export interface SeenResource extends CheckedResource {
  readonly urn: string;
  /**
   * Type of the provider that made it; none for a component. A component may have any type and any
   * outputs that its author likes, so nothing that it says is proof.
   */
  readonly provider?: string;
}

/** A resource of the finished stack, by its outputs. */
export interface StackResource extends SeenResource {
  readonly parent?: string;
  /** URNs. */
  readonly dependencies: readonly string[];
  /** URNs, by property. */
  readonly propertyDependencies: Readonly<Record<string, readonly string[]>>;
}
