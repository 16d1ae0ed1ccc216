import type * as pulumi from '@pulumi/pulumi';

import type { VerifiedImageReference } from '../verify/report';

/**
 * The references that were verified in this program. Kept under a name of the whole process: a
 * program may load this package twice (its own copy, and that of a library that it uses).
 */
const slot = Symbol.for('pulumi-signed-image/verified-references');

function known(): Set<string> {
  const home = globalThis as { [slot]?: Set<string> };
  home[slot] ??= new Set();
  return home[slot];
}

/** Takes note of an output that holds a verified reference as soon as there is one. */
export function rememberVerified(reference: pulumi.Output<VerifiedImageReference>): void {
  // An `apply` is not run for what is unknown or failed: neither is a verified reference.
  reference.apply((text) => known().add(text));
}

/** `host/repo@sha256:...` of every verification of this program that has passed so far. */
export function verifiedReferences(): ReadonlySet<string> {
  return known();
}
