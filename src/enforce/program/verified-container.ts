import * as pulumi from '@pulumi/pulumi';

import type { SignedImage } from '../../pulumi/component';
import type { VerifiedImage } from '../../pulumi/resources';
import type { VerifiedImageReference } from '../../verify';

/** A verified image. A plain string is not accepted. */
export type Verified = SignedImage | VerifiedImage | pulumi.Output<VerifiedImageReference>;

function referenceOf(image: Verified): pulumi.Output<VerifiedImageReference> {
  return pulumi.Output.isInstance(image)
    ? (image as pulumi.Output<VerifiedImageReference>)
    : (image as SignedImage | VerifiedImage).imageRef;
}

/** Members of a container other than its image. */
export type WithoutImage<T> = T & { readonly image?: never };

/**
 * Creates a container (also an init or ephemeral container) that runs a verified image.
 *
 * @param container all members but `image`, as in `kubernetes.types.input.core.v1.Container`
 */
export function verifiedContainer<T extends object>(
  image: Verified,
  container: WithoutImage<T>,
): Omit<T, 'image'> & { readonly image: pulumi.Output<VerifiedImageReference> } {
  return { ...container, image: referenceOf(image) };
}

/**
 * Creates a PodSpec with one container that runs a verified image.
 *
 * @param container all members of the container but `image`
 * @param podSpec the rest of the PodSpec
 */
export function verifiedPodSpec<T extends object, S extends object>(
  image: Verified,
  container: WithoutImage<T>,
  podSpec?: S & { readonly containers?: never },
): S & {
  readonly containers: [
    Omit<T, 'image'> & { readonly image: pulumi.Output<VerifiedImageReference> },
  ];
} {
  return { ...(podSpec as S), containers: [verifiedContainer<T>(image, container)] };
}
