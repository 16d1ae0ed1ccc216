import type * as pulumi from '@pulumi/pulumi';

import type { VerifiedImageReference } from '../verify/report';

/**
 * The references that one run of one program has verified. A process may run many programs, sequentially
 * and concurrently (Automation API): a reference verified by one is not verified for another.
 */
export type VerifiedReferences = ReadonlySet<string>;

/**
 * A global symbol of the process, because a program may load this package twice (its own copy, and that
 * of a library that it uses).
 */
const slot = Symbol.for('pulumi-signed-image/verified-references-of-runs');

/** By the SDK's record of a run; collected together with it. */
type Runs = WeakMap<object, Set<string>>;

/** Where the SDK stores the data of a run: global state of the process, too. */
interface SdkState {
  [slot]?: Runs;
  readonly asyncLocalStorage?: { getStore(): object | undefined };
  readonly globalStore?: object;
}

/**
 * Returns the object that identifies this run: the SDK's own record. An inline program of the Automation
 * API has its own record; any other program uses the record of its process, in which the root stack is
 * different for each run.
 */
function currentRun(): object {
  const state = globalThis as SdkState;
  const store = state.asyncLocalStorage?.getStore() ?? state.globalStore;
  const { stackResource } = (store ?? {}) as { readonly stackResource?: object };
  return stackResource ?? store ?? globalThis;
}

function referencesOfRun(): Set<string> {
  const state = globalThis as SdkState;
  state[slot] ??= new WeakMap();
  const run = currentRun();
  const references = state[slot].get(run) ?? new Set<string>();
  state[slot].set(run, references);
  return references;
}

/** Records the verified reference of an output as soon as it resolves. */
export function recordVerified(reference: pulumi.Output<VerifiedImageReference>): void {
  // Bound to the run that declares it: the output may resolve while another run is active.
  const references = referencesOfRun();
  // `apply` does not run for an unknown or failed output, which is not a verified reference.
  reference.apply((text) => references.add(text));
}

/**
 * Returns `host/repo@sha256:...` of every verification of this run that has succeeded so far. Call it
 * while the program runs and keep the result: it is updated.
 */
export function verifiedReferences(): VerifiedReferences {
  return referencesOfRun();
}
