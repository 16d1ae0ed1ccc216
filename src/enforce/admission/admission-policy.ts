import * as pulumi from '@pulumi/pulumi';

import { token } from '../../pulumi/package';
import type { VerifiedImageReference } from '../../verify';
import { type AdmissionExemption, digestPolicy, type DigestPolicyArgs } from './digest-policy';
import { createObjects, isPlain, withCodes } from './kubernetes-objects';

/** The arguments of an admission policy. */
export interface AdmissionPolicyArgs {
  /** All images to admit: `imageRef` of signed and verified images, and images that still run during a rollout. */
  readonly images: pulumi.Input<pulumi.Input<string | VerifiedImageReference>[]>;
  /** Images that the cluster admits without verification. */
  readonly exempt?: readonly AdmissionExemption[];
  /** Namespaces that the policy applies to; `*` for all. Default: all but `kube-system`. */
  readonly namespaces?: readonly string[];
  /** `Deny`, `Warn` or `Audit`. Default: `Deny`. */
  readonly action?: DigestPolicyArgs['action'];
  /** Name prefix of the objects. Default: the name of this resource. */
  readonly name?: string;
}

/** A placeholder to validate the shape of the policy when the images are not known yet. */
const PLACEHOLDER_IMAGE = `preview.invalid/image@sha256:${'0'.repeat(64)}`;

/**
 * Creates `ValidatingAdmissionPolicy` objects with which the API server admits only the verified images
 * of this stack. Requires the npm package `@pulumi/kubernetes` beside the plugin.
 *
 * Make workloads depend on it (`dependsOn`), so that a new digest is admitted before it rolls out, and
 * include the digests that still run, otherwise their pods cannot be restarted.
 *
 * @throws InvalidInputError immediately, with all problems of the inputs that are known already
 */
export class AdmissionPolicy extends pulumi.ComponentResource {
  constructor(name: string, args: AdmissionPolicyArgs, opts?: pulumi.ComponentResourceOptions) {
    super(token('AdmissionPolicy'), name, {}, opts);
    // With all of its members: those that do not exist are reported.
    const { images, ...others } = args;
    const declared = { ...others, name: args.name ?? name };
    // A program in JavaScript may leave them out, or misspell their name.
    const isGiven = (images as unknown) !== undefined && images !== null;
    const known: unknown = isPlain(images) ? images : [PLACEHOLDER_IMAGE];
    const shapes = digestPolicy({
      ...declared,
      ...(isGiven && { images: known }),
    } as DigestPolicyArgs);
    const manifests = pulumi
      .output(images)
      .apply((references) => withCodes(() => digestPolicy({ ...declared, images: references })));
    createObjects(
      this,
      shapes,
      manifests,
      ({ kind, metadata }) =>
        `${name}-${metadata.name}-${kind === 'ValidatingAdmissionPolicy' ? 'policy' : 'binding'}`,
    );
    this.registerOutputs({});
  }
}
