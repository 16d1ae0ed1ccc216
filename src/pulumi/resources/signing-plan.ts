import * as pulumi from '@pulumi/pulumi';

import type { SignedImageArgs } from '../component/args';
import { token } from '../package';
import { withVersion } from './resource-options';
import { guardedArguments } from '../secrecy/guarded-arguments';
import type { SignerOutput } from './signature-outputs';

/** The declared settings of one signed image; build secrets stay with the build. */
export type SigningPlanArgs = SignedImageArgs;

/**
 * Checks all that was declared, before anything is written, and says what the other resources
 * start from. It writes nothing itself.
 */
export class SigningPlan extends pulumi.CustomResource {
  static readonly type = token('SigningPlan');

  /** `host/repo[:tag]`, normalised; where to push, or what to sign. */
  declare readonly image: pulumi.Output<string>;
  /** `host/repo`. */
  declare readonly repository: pulumi.Output<string>;
  /** Digest of the existing image; absent with `build`. */
  declare readonly digest: pulumi.Output<string | undefined>;
  /** Who will sign. */
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
  }
}
