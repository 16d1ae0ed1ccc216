import type { ImageSource, ImageSourceRequest } from './image-builder';
import * as pulumi from '@pulumi/pulumi';

import { ImageBuild } from '../resources/image-build';
import type { SigningPlan } from '../resources/signing-plan';
import type { SignedImageArgs } from './args';
import { buildWithDocker } from './docker-image';
import { nonsecretOf } from './nonsecret-paths';
import { buildWithDockerBuild } from './docker-build-image';

/** Builds with the chosen builder, or takes the existing image that the plan resolved. */
export function imageSource(
  name: string,
  plan: SigningPlan,
  args: SignedImageArgs,
  parent: pulumi.Resource,
): ImageSource {
  if (!args.build) return { digest: plan.digest.apply(existing) };
  const request = { name, plan, build: args.build, args, parent };
  switch (args.build.builder) {
    case 'pulumi-docker':
      return buildWithDocker(request);
    case 'pulumi-docker-build':
      return buildWithDockerBuild(request);
    default:
      return buildWithCommand(request);
  }
}

function existing(digest: string | undefined): string {
  // The plan resolves it or fails; nothing may go on without one.
  if (!digest)
    throw new pulumi.InputPropertyError({ propertyPath: 'image', reason: 'has no digest' });
  return digest;
}

function buildWithCommand({ name, plan, build, args, parent }: ImageSourceRequest): ImageSource {
  const built = new ImageBuild(
    `${name}-build`,
    {
      image: plan.image,
      build,
      ...(args.source && { source: args.source }),
      ...(args.registry && { registry: args.registry }),
      ...(args.deletion !== undefined && { deletion: args.deletion }),
      ...nonsecretOf(args, ['build', 'source', 'deletion']),
    },
    { parent },
  );
  return { digest: built.claimedDigest, summary: built.summary, facts: built.facts };
}
