/** The child of a component that signs or verifies the image of the component's plan. */
const CHILD = /(?:ImageSignature::(.*)-signature|VerifiedImage::(.*)-verified)$/;

/**
 * The images that get another repository in this run. In a preview the reference of an image is not known before it is
 * built or verified, but the repository is: a resource of it that would be replaced is shown as such, and an update
 * plan permits it.
 */
export class PlannedMoves {
  /** The former repository by the URN of a plan; `undefined` if the image stays. */
  readonly #former = new Map<string, string | undefined>();

  /** @param former The repository that the image of this plan leaves; `undefined` if it stays. */
  record(plan: string, former: string | undefined): void {
    this.#former.set(plan, former);
  }

  /**
   * Whether the image of a resource, whose reference is not known, leaves its repository. An image that is verified
   * outside of its component is recognized by its repository.
   */
  isMoved(urn: string, repository: string): boolean {
    const plan = urn.replace(
      CHILD,
      (_all, signed?: string, verified?: string) => `SigningPlan::${signed ?? verified ?? ''}-plan`,
    );
    if (this.#former.has(plan)) return this.#former.get(plan) === repository;
    return [...this.#former.values()].includes(repository);
  }
}
