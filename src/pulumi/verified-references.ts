import type * as pulumi from '@pulumi/pulumi';

import type { VerifiedImageReference } from '../verify/report';

/**
 * The references that one run of one program has verified. A process may run many programs, one after
 * the other and at the same time (Automation API): what one has verified says nothing of another.
 */
export type VerifiedReferences = ReadonlySet<string>;

/**
 * Kept under a name of the whole process: a program may load this package twice (its own copy, and that
 * of a library that it uses).
 */
const slot = Symbol.for('pulumi-signed-image/verified-references-of-runs');

/** By the SDK's record of a run, and gone with it. */
type Runs = WeakMap<object, Set<string>>;

/** Where the SDK keeps what belongs to a run; a name of the whole process, too. */
interface SdkState {
  [slot]?: Runs;
  readonly asyncLocalStorage?: { getStore(): object | undefined };
  readonly globalStore?: object;
}

/**
 * What this run is told by: the SDK's own record. An inline program of the Automation API has one of
 * its own; any other program has the one of its process, in which it is the root stack that is another
 * with each run.
 */
function currentRun(): object {
  const state = globalThis as SdkState;
  const store = state.asyncLocalStorage?.getStore() ?? state.globalStore;
  const { stackResource } = (store ?? {}) as { readonly stackResource?: object };
  return stackResource ?? store ?? globalThis;
}

function known(): Set<string> {
  const home = globalThis as SdkState;
  home[slot] ??= new WeakMap();
  const run = currentRun();
  const references = home[slot].get(run) ?? new Set<string>();
  home[slot].set(run, references);
  return references;
}

/** Takes note of an output that holds a verified reference as soon as there is one. */
export function rememberVerified(reference: pulumi.Output<VerifiedImageReference>): void {
  // Of the run that declares it: the output may come when another one is under way.
  const references = known();
  // An `apply` is not run for what is unknown or failed: neither is a verified reference.
  reference.apply((text) => references.add(text));
}

/**
 * `host/repo@sha256:...` of every verification of this run that has passed so far. To be called while
 * the program runs, and kept: it grows.
 */
export function verifiedReferences(): VerifiedReferences {
  return known();
}
