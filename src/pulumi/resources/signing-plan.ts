import * as pulumi from '@pulumi/pulumi';

import type { SignedImageArgs } from '../component/args';
import { token } from '../package';
import { absentIfNull, withVersion } from './resource-options';
import { guardedArguments } from '../secrecy/guarded-arguments';
import type { SignerOutput } from './signature-outputs';

/** The declared inputs of one signed image, without the build secrets. */
export type SigningPlanArgs = SignedImageArgs;

/**
 * Validates all declared inputs before anything is written, and provides the values that the other
 * resources depend on. It writes nothing itself.
 */
export class SigningPlan extends pulumi.CustomResource {
  static readonly type = token('SigningPlan');

  /** `host/repo[:tag]`, normalized: where to push, or what to sign. */
  declare readonly image: pulumi.Output<string>;
  /** `host/repo`. */
  declare readonly repository: pulumi.Output<string>;
  /** Digest of the existing image; absent with `build`. */
  declare readonly digest: pulumi.Output<string | undefined>;
  /** The signer that will be used. */
  declare readonly signer: pulumi.Output<SignerOutput>;

  constructor(name: string, args: SigningPlanArgs, options?: pulumi.CustomResourceOptions) {
    super(
      SigningPlan.type,
      name,
      {
        ...guardedArguments('SigningPlan', args),
        repository: undefined,
        digest: undefined,
        signer: undefined,
      },
      withVersion(options),
    );
    this.digest = absentIfNull(this.digest);
  }
}
