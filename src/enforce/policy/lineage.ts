import { pinnedName } from '../program/image-rule';
import { UNKNOWN } from '../workload';
import { isOfOurProvider, type StackResource, VERIFIED_IMAGE } from './stack-resource';
import type { TrustedSigners } from './trusted-signers';
import type { WorkloadImage } from './workload-findings';

/** Returns why no verification has a signer that the policy trusts; `undefined` if one has. */
function signerProblem(
  origins: readonly StackResource[],
  signers: TrustedSigners,
): string | undefined {
  const problems = origins.map(({ name, properties }) => ({
    name,
    problem: signers.problemOfSigner(properties['signer']),
  }));
  if (problems.some(({ problem }) => problem === undefined)) return undefined;
  return problems.map(({ name, problem }) => `was verified by "${name}", which ${problem}`).at(0);
}

/** Traces the origin of images in the finished stack. */
export class Lineage {
  readonly #byUrn: ReadonlyMap<string, StackResource>;
  readonly #verified: readonly StackResource[];

  constructor(resources: readonly StackResource[]) {
    this.#byUrn = new Map(resources.map((resource) => [resource.urn, resource]));
    this.#verified = resources.filter(
      ({ type, provider }) => type === VERIFIED_IMAGE && isOfOurProvider(provider),
    );
  }

  /** Returns the verifications with exactly this reference as output. */
  holdersOf(image: string): readonly StackResource[] {
    const name = pinnedName(image);
    return this.#verified.filter(({ properties }) => {
      const reference = properties['imageRef'];
      return typeof reference === 'string' && name !== undefined && pinnedName(reference) === name;
    });
  }

  /** Returns why an image does not come from a verification of this stack; `undefined` if it does. */
  problemOf(
    workload: StackResource,
    image: WorkloadImage,
    signers?: TrustedSigners,
  ): string | undefined {
    const holders = this.holdersOf(image.image);
    const sources = this.#sourcesOf(workload, image.property);
    const origins = holders.filter(({ urn }) => sources.has(urn));
    if (origins.length > 0) return signers && signerProblem(origins, signers);
    if (holders.length > 0) {
      const names = holders.map(({ name }) => `"${name}"`).join(', ');
      return `was verified by VerifiedImage ${names}, but \`${image.property}\` does not depend on it; pass its \`imageRef\` instead of a copied text`;
    }
    const pending = this.#verified.some(
      ({ urn, properties }) => sources.has(urn) && properties['imageRef'] === UNKNOWN,
    );
    if (pending) return undefined;
    return 'was not verified by a VerifiedImage of this stack; use `imageRef` of a SignedImage or VerifiedImage';
  }

  /** Returns all resources that a property depends on, directly or through the components of the resource. */
  #sourcesOf(workload: StackResource, property: string): ReadonlySet<string> {
    const own = workload.propertyDependencies[property] ?? [];
    return this.#withChildren([...own, ...this.#ofAncestors(workload)]);
  }

  /**
   * Children of a chart or another component have the dependencies of that component, because the values
   * are passed through its arguments. The stack itself, at the root, has none.
   */
  #ofAncestors(resource: StackResource): readonly string[] {
    const parent = this.#parentOf(resource);
    if (parent === undefined) return [];
    return [
      ...parent.dependencies,
      ...Object.values(parent.propertyDependencies).flat(),
      ...this.#ofAncestors(parent),
    ];
  }

  #parentOf({ parent }: StackResource): StackResource | undefined {
    return parent === undefined ? undefined : this.#byUrn.get(parent);
  }

  /** Adds the verifications inside of components: a dependency on the component is a dependency on them. */
  #withChildren(urns: readonly string[]): ReadonlySet<string> {
    const found = new Set(urns);
    for (const verified of this.#verified) {
      for (let at = this.#parentOf(verified); at !== undefined; at = this.#parentOf(at)) {
        if (found.has(at.urn)) found.add(verified.urn);
      }
    }
    return found;
  }
}
