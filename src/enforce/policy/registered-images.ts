import { parseDigest, parseReference, pinned, type Repository } from '../../oci';
import { isOfOurProvider, type ValidatedResource, VERIFIED_IMAGE } from './stack-resource';
import { pinnedName } from '../program/image-rule';
import { isObject, type Properties, UNKNOWN } from '../workload';
import type { TrustedSigners } from './trusted-signers';

const STACK = 'pulumi:pulumi:Stack';

interface Registered {
  /** `host/repo`. */
  readonly repository: string;
  readonly reference: string | undefined;
  /** The commit that its provenance must have; `undefined` if it is not required. */
  readonly commit: unknown;
  /** Its inputs, with the signers that it trusts. */
  readonly inputs: Properties;
}

function repositoryOf(image: unknown): Repository | undefined {
  if (typeof image !== 'string') return undefined;
  try {
    return parseReference(image).repository;
  } catch {
    return undefined;
  }
}

function registered(inputs: Properties): Registered | undefined {
  const { image, digest, provenance } = inputs;
  const repository = repositoryOf(image);
  if (repository === undefined) return undefined;
  const reference =
    typeof digest === 'string' ? pinned(repository, parseDigest(digest)) : undefined;
  return {
    repository: `${repository.registry}/${repository.path}`,
    reference,
    inputs,
    commit: provenance === UNKNOWN ? UNKNOWN : isObject(provenance) && provenance['commit'],
  };
}

/**
 * The verifications that the stack has registered so far. The engine validates a resource before it
 * creates it, and a failed verification stops the update: so a workload that is registered after a
 * verification runs an image that was declared to be verified.
 */
export class RegisteredImages {
  readonly #found = new Map<string, Registered>();
  /** An unknown image may be any image: a preview cannot decide then. */
  #anyPending = false;

  record({ type, urn, provider, properties }: ValidatedResource): void {
    // The stack is the first resource of every run; one process may serve a preview and the update after it.
    if (type === STACK) {
      this.#found.clear();
      this.#anyPending = false;
    }
    if (type !== VERIFIED_IMAGE || !isOfOurProvider(provider)) return;
    if (properties['image'] === UNKNOWN) this.#anyPending = true;
    const found = registered(properties);
    if (found !== undefined) this.#found.set(urn, found);
  }

  /** Returns `host/repo@sha256:...` of each verification. */
  references(): ReadonlySet<string> {
    return new Set([...this.#found.values()].flatMap(({ reference }) => reference ?? []));
  }

  /** Whether it is not known in a preview what will be verified in the repository of this image. */
  isUndecided(image: string): boolean {
    if (this.#anyPending) return true;
    const repository = pinnedName(image)?.split('@')[0];
    return [...this.#found.values()].some(
      (each) => each.reference === undefined && each.repository === repository,
    );
  }

  /**
   * Returns why the policy trusts no verification of this image; `undefined` if it trusts one, or if the
   * image was not verified at all.
   */
  signerProblem(image: string, signers: TrustedSigners): string | undefined {
    const name = pinnedName(image);
    const problems = [...this.#found].flatMap(([urn, { reference, inputs }]) =>
      reference !== undefined && reference === name
        ? [{ urn, problem: signers.problemOfInputs(inputs) }]
        : [],
    );
    if (problems.some(({ problem }) => problem === undefined)) return undefined;
    return problems
      .map(({ urn, problem }) => `was verified by "${urn.split('::').at(-1)}", which ${problem}`)
      .at(0);
  }

  /** Returns the commit that each verification of this image requires. */
  commitsOf(image: string): readonly unknown[] {
    const name = pinnedName(image);
    return [...this.#found.values()].flatMap(({ reference, commit }) =>
      reference !== undefined && reference === name ? [commit] : [],
    );
  }
}
