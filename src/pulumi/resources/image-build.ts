import * as pulumi from '@pulumi/pulumi';

import type { BuildArgs, RegistryArgs, SourceArgs } from '../component/args';
import type { Deletion } from '../component/enums';
import { token } from '../package';
import { withVersion } from './resource-options';
import { guardedArguments } from '../secrecy/guarded-arguments';
import type { BuildSummaryOutput, PushedImageOutput, SourceFactsOutput } from './signature-outputs';

/** The arguments of an image build. */
export interface ImageBuildArgs {
  /** Where to push: `host/repo[:tag]`. */
  image: pulumi.Input<string>;
  /** What to build, and how. */
  build: pulumi.Input<BuildArgs>;
  /** Overrides of the detected source. */
  source?: pulumi.Input<SourceArgs>;
  /** Access to the registry. */
  registry?: pulumi.Input<RegistryArgs>;
  /** What a delete or a replacement removes: `keep` (nothing), `signatures` (no images) or `all`. Default: `keep`. */
  deletion?: pulumi.Input<Deletion>;
  /** Paths of inputs that may become public although they are marked as secret, for example `build.labels`. */
  nonsecret?: pulumi.Input<pulumi.Input<string>[]>;
}

/**
 * Builds an image with a command-line builder and pushes it; rebuilds whenever its content would
 * change. Its digest is what the builder claims: use a `SignedImage` or a `VerifiedImage` to get
 * a digest for deployment.
 */
export class ImageBuild extends pulumi.CustomResource {
  static readonly type = token('ImageBuild');

  /** The digest that the builder reports for the pushed image; a claim, not verified. */
  declare readonly claimedDigest: pulumi.Output<string>;
  /** Facts about the source at the time of the build. */
  declare readonly facts: pulumi.Output<SourceFactsOutput>;
  /** What was built, and from what. */
  declare readonly summary: pulumi.Output<BuildSummaryOutput>;
  /** All images that this resource pushed, oldest first. */
  declare readonly pushed: pulumi.Output<PushedImageOutput[]>;

  constructor(name: string, args: ImageBuildArgs, options?: pulumi.CustomResourceOptions) {
    super(
      ImageBuild.type,
      name,
      {
        ...guardedArguments('ImageBuild', args),
        claimedDigest: undefined,
        facts: undefined,
        summary: undefined,
        pushed: undefined,
      },
      withVersion(options),
    );
  }
}
