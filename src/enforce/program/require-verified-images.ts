import * as pulumi from '@pulumi/pulumi';

import { type Requirement, type VerifiedImagesArgs, requirementOf } from './requirement';
import { type CheckedResource, type ExemptImage, checkResource } from './resource-check';
import { type Properties, UNKNOWN, isCustomKind } from '../workload';
import { SignedImageError } from '../../error';
import { type VerifiedReferences, verifiedReferences } from '../../pulumi/verified-references';

/** Outputs resolve one turn after the property that was made of them: the set may lag behind. */
async function otherTurns(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

async function check(
  resource: CheckedResource,
  requirement: Requirement,
  verified: VerifiedReferences,
): Promise<readonly ExemptImage[]> {
  await otherTurns();
  try {
    return checkResource(resource, requirement, verified);
  } catch (error) {
    if (!(error instanceof SignedImageError)) throw error;
    const { code, message } = error;
    // The engine hands on the words alone, so the code is one of them, as in the plugin's errors.
    throw new SignedImageError({ code, message: `${message} [${code}]` });
  }
}

async function warnExempt(
  resource: CheckedResource,
  exempt: readonly ExemptImage[],
): Promise<void> {
  for (const { image, path, reason } of exempt) {
    await pulumi.log.info(
      `${resource.type} "${resource.name}": ${path} ${image} runs unverified: ${reason}`,
    );
  }
}

let requirements = 0;

/** Looks again at the very strings that go to the cluster: another transform may have come after ours. */
function recheck(requirement: Requirement, verified: VerifiedReferences): pulumi.ResourceHook {
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
 * The options with our hook. A transform hands options back whole, and `false` where nothing was
 * said: sent back it would overrule the parent (`protect`) and the provider
 * (`deleteBeforeReplace`), so it is left out.
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
 * From here on, every image of every workload that this program registers (its components, charts
 * and remote components included) must be a verified reference: the `imageRef` of a `SignedImage` or
 * `VerifiedImage` of this program, one of `allow`, or exempt for a reason. Call it before the first
 * resource is made: what was registered earlier is not seen.
 *
 * Checked when a resource is registered (what a preview does not know yet is left to the update),
 * and again just before it is created or updated.
 *
 * @throws InvalidInputError at once, with all that is wrong with the arguments; the registration of
 *   a resource fails with `IMAGE_NOT_VERIFIED`
 */
export function requireVerifiedImages(args: VerifiedImagesArgs = {}): void {
  const requirement = requirementOf(args);
  // Of this run: transforms and hooks are called from outside of it.
  const verified = verifiedReferences();
  const hook = recheck(requirement, verified);
  pulumi.runtime.registerResourceTransform(async ({ custom, type, name, props, opts }) => {
    // A component is not sent anywhere; what it makes is registered too.
    if (!custom) return undefined;
    const resource = {
      type,
      name,
      properties: await plainProperties(props as object as Record<string, unknown>),
    };
    await warnExempt(resource, await check(resource, requirement, verified));
    const mayRun = requirement.kinds.has(type) || isCustomKind(type);
    return mayRun ? { props, opts: withHook(opts, hook) } : undefined;
  });
}

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
async function plainProperties(properties: Properties): Promise<Properties> {
  const members = await Promise.all(
    Object.entries(properties).map(async ([name, value]) => [name, await plain(value)] as const),
  );
  return Object.fromEntries(members);
}
