import { parseDigest, parseReference, pinned, type Repository } from '../../oci';
import { isOfOurProvider, type ValidatedResource, VERIFIED_IMAGE } from './stack-resource';
import { pinnedName } from '../program/image-rule';
import { isObject, type Properties, UNKNOWN } from '../workload';
import type { TrustedSigners } from './trusted-signers';

const STACK = 'pulumi:pulumi:Stack';

interface Registered {
  /** `host/repo@sha256:...`, or what is before the `@` where the digest is not known yet. */
  readonly repository: string;
  readonly reference: string | undefined;
  /** The commit that its provenance must name; `undefined` where nothing was asked of it. */
  readonly commit: unknown;
  /** Its inputs, which say whom it trusts. */
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
 * The verifications that the stack has registered so far. The engine asks about a resource before
 * it makes it, and a verification that fails ends the update: so a workload that was registered
 * after a verification, and gets here, runs what was declared to be verified.
 */
export class RegisteredImages {
  readonly #found = new Map<string, Registered>();
  /** An image that is unknown may be any: a preview decides nothing then. */
  #anyPending = false;

  note({ type, urn, provider, properties }: ValidatedResource): void {
    // The first resource of every run; a process may serve a preview and the update after it.
    if (type === STACK) {
      this.#found.clear();
      this.#anyPending = false;
    }
    if (type !== VERIFIED_IMAGE || !isOfOurProvider(provider)) return;
    if (properties['image'] === UNKNOWN) this.#anyPending = true;
    const found = registered(properties);
    if (found !== undefined) this.#found.set(urn, found);
  }

  /** `host/repo@sha256:...` of each. */
  references(): ReadonlySet<string> {
    return new Set([...this.#found.values()].flatMap(({ reference }) => reference ?? []));
  }

  /** Whether a preview cannot say what will be verified in this image's repository. */
  mayBecome(image: string): boolean {
    if (this.#anyPending) return true;
    const repository = pinnedName(image)?.split('@')[0];
    return [...this.#found.values()].some(
      (each) => each.reference === undefined && each.repository === repository,
    );
  }

  /**
   * Why no verification of this image is one that the policy trusts; `undefined` if one is, or if the
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

  /** What each verification of this image demands as its commit. */
  commitsOf(image: string): readonly unknown[] {
    const name = pinnedName(image);
    return [...this.#found.values()].flatMap(({ reference, commit }) =>
      reference !== undefined && reference === name ? [commit] : [],
    );
  }
}
