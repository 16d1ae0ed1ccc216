import * as pulumi from '@pulumi/pulumi';

import { type Properties, UNKNOWN } from '../workload';

/** The value of an output, or `UNKNOWN` in a preview that does not know it. */
function settled(output: pulumi.Output<unknown>): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const known = output.apply((value) => {
      resolve(value);
      return true;
    });
    // `apply` is not run for what is unknown: then only the result says so.
    isKnown(known).then((there) => {
      if (!there) resolve(UNKNOWN);
    }, reject);
  });
}

/** The SDK has no public way to ask; this one is what its own serialisation reads. */
function isKnown(output: pulumi.Output<unknown>): Promise<boolean> {
  return (output as unknown as { readonly isKnown: Promise<boolean> }).isKnown;
}

async function plain(value: unknown): Promise<unknown> {
  if (pulumi.Output.isInstance(value)) return plain(await settled(value));
  if (pulumi.isUnknown(value) || value === UNKNOWN) return UNKNOWN;
  if (value instanceof Promise) return plain(await value);
  if (Array.isArray(value)) return Promise.all(value.map(plain));
  if (typeof value !== 'object' || value === null) return value;
  return plainProperties(value as Properties);
}

/** Properties as values: outputs (secret or not) opened, and what is unknown marked. */
export async function plainProperties(properties: Properties): Promise<Properties> {
  const members = await Promise.all(
    Object.entries(properties).map(async ([name, value]) => [name, await plain(value)] as const),
  );
  return Object.fromEntries(members);
}
