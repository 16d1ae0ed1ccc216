import * as pulumi from '@pulumi/pulumi';

import { token } from '../../pulumi/package';
import type { VerifiedImageReference } from '../../verify';
import { type AdmissionExemption, digestPolicy, type DigestPolicyArgs } from './digest-policy';
import { createObjects } from './kubernetes-objects';

export interface AdmissionPolicyArgs {
  /** All that may run: `imageRef` of signed and verified images, and what still runs while they roll out. */
  readonly images: pulumi.Input<pulumi.Input<string | VerifiedImageReference>[]>;
  readonly exempt?: readonly AdmissionExemption[];
  /** Namespaces that the policy holds for; `*` for all. Default: all but `kube-system`. */
  readonly namespaces?: readonly string[];
  /** `Deny`, `Warn` or `Audit`. Default: `Deny`. */
  readonly action?: DigestPolicyArgs['action'];
  /** Beginning of the names of the objects. Default: the name of this resource. */
  readonly name?: string;
}

/** What a preview that does not know the images yet is checked with: the shape, not the digests. */
const NOT_KNOWN_YET = `preview.invalid/image@sha256:${'0'.repeat(64)}`;

/**
 * `ValidatingAdmissionPolicy` objects by which the API server admits the verified images of this
 * stack and nothing else: see `digestPolicy`. Needs `@pulumi/kubernetes`.
 *
 * Let workloads depend on it (`dependsOn`), so that a new digest is admitted before it rolls out;
 * and give it the digests that still run, or their pods are not started again.
 *
 * @throws InvalidInputError at once, with all that is wrong with what is known already
 */
export class AdmissionPolicy extends pulumi.ComponentResource {
  constructor(name: string, args: AdmissionPolicyArgs, opts?: pulumi.ComponentResourceOptions) {
    super(token('AdmissionPolicy'), name, {}, opts);
    const { images, exempt, namespaces, action } = args;
    const declared = {
      name: args.name ?? name,
      ...(exempt && { exempt }),
      ...(namespaces && { namespaces }),
      ...(action !== undefined && { action }),
    };
    const shapes = digestPolicy({ ...declared, images: [NOT_KNOWN_YET] });
    const made = pulumi
      .output(images)
      .apply((references) => digestPolicy({ ...declared, images: references }));
    createObjects(
      this,
      shapes,
      made,
      ({ kind, metadata }) =>
        `${name}-${metadata.name}-${kind === 'ValidatingAdmissionPolicy' ? 'policy' : 'binding'}`,
    );
    this.registerOutputs({});
  }
}
