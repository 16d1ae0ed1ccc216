import * as pulumi from '@pulumi/pulumi';

import type { BuildArgs, RegistryArgs, SourceArgs } from '../component/args';
import { token } from '../package';
import { withVersion } from './resource-options';
import { guardedArguments } from '../secrecy/guarded-arguments';
import type { BuildSummaryOutput, PushedImageOutput, SourceFactsOutput } from './signature-outputs';

export interface ImageBuildArgs {
  /** Where to push: `host/repo[:tag]`. */
  image: pulumi.Input<string>;
  build: pulumi.Input<BuildArgs>;
  source?: pulumi.Input<SourceArgs>;
  registry?: pulumi.Input<RegistryArgs>;
  /** `keep`, `signatures` (keeps images) or `all`: what a delete or a replacement removes. Default: `keep`. */
  deletion?: pulumi.Input<string>;
  /** Paths of inputs that may be public although they are marked as secret, `annotations.team` for example. */
  nonsecret?: pulumi.Input<pulumi.Input<string>[]>;
}

/**
 * Builds an image with a command-line builder and pushes it, again whenever its content would
 * change. Its digest is what the builder claims: use a `SignedImage` or a `VerifiedImage` to get
 * one that may be deployed.
 */
export class ImageBuild extends pulumi.CustomResource {
  static readonly type = token('ImageBuild');

  /** What the builder says that it pushed; a claim. */
  declare readonly claimedDigest: pulumi.Output<string>;
  /** The facts about the source at the time of the build. */
  declare readonly facts: pulumi.Output<SourceFactsOutput>;
  /** What was built, and from what. */
  declare readonly summary: pulumi.Output<BuildSummaryOutput>;
  /** All that this resource pushed, oldest first. */
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
