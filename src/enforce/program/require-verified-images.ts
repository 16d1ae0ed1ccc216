import * as pulumi from '@pulumi/pulumi';

import { type Requirement, type VerifiedImagesArgs, requirementOf } from './requirement';
import { type CheckedResource, type ExemptImage, checkResource } from './resource-check';
import { type Properties, UNKNOWN, isCustomKind } from '../workload';
import { SignedImageError } from '../../error';
import { type VerifiedReferences, verifiedReferences } from '../../pulumi/verified-references';

/** Waits one turn of the event loop: outputs resolve one turn after properties that depend on them. */
async function nextTurn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

async function check(
  resource: CheckedResource,
  requirement: Requirement,
  verified: VerifiedReferences,
): Promise<readonly ExemptImage[]> {
  await nextTurn();
  try {
    return checkResource(resource, requirement, verified);
  } catch (error) {
    if (!(error instanceof SignedImageError)) throw error;
    const { code, message } = error;
    // The engine passes on only the message, so the code is included, as in the plugin's errors.
    throw new SignedImageError({ code, message: `${message} [${code}]` });
  }
}

async function logExempt(resource: CheckedResource, exempt: readonly ExemptImage[]): Promise<void> {
  for (const { image, path, reason } of exempt) {
    await pulumi.log.info(
      `${resource.type} "${resource.name}": ${path} ${image} runs unverified: ${reason}`,
    );
  }
}

let requirements = 0;

/** Creates a hook that checks the final inputs again: another transform may have run after ours. */
function createRecheckHook(
  requirement: Requirement,
  verified: VerifiedReferences,
): pulumi.ResourceHook {
  requirements += 1;
  return new pulumi.ResourceHook(
    `signed-image-verified-images-${requirements}`,
    async ({ type, name, newInputs = {} }) => {
      const properties = await plainProperties(newInputs as Record<string, unknown>);
      await check({ type, name, properties }, requirement, verified);
    },
  );
}

/**
 * Adds our hook to the options. A transform receives all options, with `false` for options that are not
 * set: returned, they would override the parent (`protect`) and the provider (`deleteBeforeReplace`), so
 * they are left out.
 */
function withHook(
  options: pulumi.ResourceOptions,
  hook: pulumi.ResourceHook,
): pulumi.ResourceOptions {
  const { hooks = {}, protect, retainOnDelete, ...rest } = options;
  const { deleteBeforeReplace, ...others } = rest as pulumi.CustomResourceOptions;
  return {
    ...others,
    ...(protect && { protect }),
    ...(retainOnDelete && { retainOnDelete }),
    ...(deleteBeforeReplace && { deleteBeforeReplace }),
    hooks: {
      ...hooks,
      beforeCreate: [...(hooks.beforeCreate ?? []), hook],
      beforeUpdate: [...(hooks.beforeUpdate ?? []), hook],
    },
  };
}

/**
 * Requires that every image of every workload that this program registers from now on (including its
 * components, charts and remote components) is a verified reference: the `imageRef` of a `SignedImage`
 * or `VerifiedImage` of this program, one of `allow`, or exempt with a reason. Call it before the first
 * resource is created: resources that were registered earlier are not checked.
 *
 * Images are checked when a resource is registered (values that are unknown in a preview are checked in
 * the update), and again before it is created or updated.
 *
 * @throws InvalidInputError immediately, with all problems of the arguments; the registration of a
 *   resource fails with `IMAGE_NOT_VERIFIED`
 */
export function requireVerifiedImages(args: VerifiedImagesArgs = {}): void {
  const requirement = requirementOf(args);
  // Bound to this run here: transforms and hooks are called outside of it.
  const verified = verifiedReferences();
  const hook = createRecheckHook(requirement, verified);
  pulumi.runtime.registerResourceTransform(async ({ custom, type, name, props, opts }) => {
    // A component itself is not deployed; its children are registered too.
    if (!custom) return undefined;
    const resource = {
      type,
      name,
      properties: await plainProperties(props as object as Record<string, unknown>),
    };
    await logExempt(resource, await check(resource, requirement, verified));
    const mayRun = requirement.kinds.has(type) || isCustomKind(type);
    return mayRun ? { props, opts: withHook(opts, hook) } : undefined;
  });
}

/** Returns the value of an output, or `UNKNOWN` if it is not known in a preview. */
function settled(output: pulumi.Output<unknown>): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const known = output.apply((value) => {
      resolve(value);
      return true;
    });
    // `apply` does not run for an unknown value: then only the returned output shows it.
    isKnown(known).then((there) => {
      if (!there) resolve(UNKNOWN);
    }, reject);
  });
}

/** The SDK has no public API for this; its own serialization reads the same member. */
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

/** Converts properties to plain values: outputs (secret or not) resolved, with `UNKNOWN` for unknown values. */
async function plainProperties(properties: Properties): Promise<Properties> {
  const members = await Promise.all(
    Object.entries(properties).map(async ([name, value]) => [name, await plain(value)] as const),
  );
  return Object.fromEntries(members);
}
