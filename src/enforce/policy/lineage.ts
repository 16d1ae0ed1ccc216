import { pinnedName } from '../program/image-rule';
import { UNKNOWN } from '../workload';
import { isOfOurProvider, type StackResource, VERIFIED_IMAGE } from './stack-resource';
import type { TrustedSigners } from './trusted-signers';
import type { WorkloadImage } from './workload-findings';

/** Why none of the verifications found a signer whom the policy trusts; `undefined` if one did. */
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

/** The finished stack, for questions about where an image came from. */
export class Lineage {
  readonly #byUrn: ReadonlyMap<string, StackResource>;
  readonly #verified: readonly StackResource[];

  constructor(resources: readonly StackResource[]) {
    this.#byUrn = new Map(resources.map((resource) => [resource.urn, resource]));
    this.#verified = resources.filter(
      ({ type, provider }) => type === VERIFIED_IMAGE && isOfOurProvider(provider),
    );
  }

  /** The verifications whose outputs hold this very reference. */
  holdersOf(image: string): readonly StackResource[] {
    const name = pinnedName(image);
    return this.#verified.filter(({ properties }) => {
      const reference = properties['imageRef'];
      return typeof reference === 'string' && name !== undefined && pinnedName(reference) === name;
    });
  }

  /** Why an image is not one that this stack verified and handed on; `undefined` if it is. */
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
      return `is what VerifiedImage ${names} verified, but \`${image.property}\` does not come from it; pass its \`imageRef\` instead of a copied text`;
    }
    const pending = this.#verified.some(
      ({ urn, properties }) => sources.has(urn) && properties['imageRef'] === UNKNOWN,
    );
    if (pending) return undefined;
    return 'is held by no VerifiedImage of this stack; use `imageRef` of a SignedImage or VerifiedImage';
  }

  /** All resources that a property was made of: its own, or those of what made the resource. */
  #sourcesOf(workload: StackResource, property: string): ReadonlySet<string> {
    const own = workload.propertyDependencies[property] ?? [];
    return this.#withChildren([...own, ...this.#ofAncestors(workload)]);
  }

  /**
   * What a chart or another component makes has the dependencies of that component: the values
   * went through its arguments. The stack itself, at the top, has none.
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

  /** A dependency on a component is one on the verification inside it. */
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
