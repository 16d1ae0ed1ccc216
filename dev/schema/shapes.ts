import * as pulumi from '@pulumi/pulumi';

import { SignedImage } from '../../src/pulumi/component/signed-image';
import type { ImageBuildArgs } from '../../src/pulumi/resources/image-build';
import type { ImageSignatureArgs } from '../../src/pulumi/resources/image-signature';
import type {
  BuildSummaryOutput,
  LogEntryOutput,
  SignerOutput,
  SourceFactsOutput,
  StoredSignatureOutput,
} from '../../src/pulumi/resources/signature-outputs';
import type { SigningPlanArgs } from '../../src/pulumi/resources/signing-plan';
import type { VerifiedImageArgs } from '../../src/pulumi/resources/verified-image';

export { SignedImage };

// Pulumi's schema analyzer reads component classes only. These have the shape of our custom
// resources and serve nothing but the generation of schema.json (`npm run schema`).

/** Checks all that was declared, before anything is written. Made by SignedImage. */
export class SigningPlan extends pulumi.ComponentResource {
  public readonly image!: pulumi.Output<string>;
  public readonly repository!: pulumi.Output<string>;
  public readonly digest!: pulumi.Output<string | undefined>;
  public readonly signer!: pulumi.Output<SignerOutput>;
  constructor(name: string, args: SigningPlanArgs, opts?: pulumi.ComponentResourceOptions) {
    super('signed-image:index:SigningPlan', name, args, opts);
  }
}

/** Builds and pushes with a command-line builder; its digest is a claim. Made by SignedImage. */
export class ImageBuild extends pulumi.ComponentResource {
  /** What the builder says that it pushed; a claim. */
  public readonly claimedDigest!: pulumi.Output<string>;
  public readonly facts!: pulumi.Output<SourceFactsOutput>;
  public readonly summary!: pulumi.Output<BuildSummaryOutput>;
  constructor(name: string, args: ImageBuildArgs, opts?: pulumi.ComponentResourceOptions) {
    super('signed-image:index:ImageBuild', name, args, opts);
  }
}

/** Signs an image, its platform manifests and their provenance. Made by SignedImage. */
export class ImageSignature extends pulumi.ComponentResource {
  public readonly signer!: pulumi.Output<SignerOutput>;
  public readonly signedAnnotations!: pulumi.Output<Record<string, string>>;
  public readonly signatures!: pulumi.Output<StoredSignatureOutput[]>;
  public readonly bundles!: pulumi.Output<string[]>;
  public readonly certificate!: pulumi.Output<string | undefined>;
  public readonly logEntries!: pulumi.Output<LogEntryOutput[]>;
  public readonly signedProvenance!: pulumi.Output<string | undefined>;
  public readonly witnessed!: pulumi.Output<string>;
  constructor(name: string, args: ImageSignatureArgs, opts?: pulumi.ComponentResourceOptions) {
    super('signed-image:index:ImageSignature', name, args, opts);
  }
}

/**
 * Reads an image by digest, hashes it again, and checks signature, signer, log or timestamp,
 * annotations and provenance on every platform manifest. It has a digest only if all of that holds.
 */
export class VerifiedImage extends pulumi.ComponentResource {
  /** The verified digest. */
  public readonly digest!: pulumi.Output<string>;
  /** The verified reference, host/repo@sha256:... */
  public readonly imageRef!: pulumi.Output<string>;
  /** Who signed it. */
  public readonly signer!: pulumi.Output<SignerOutput>;
  /** All annotations that were signed. */
  public readonly signedAnnotations!: pulumi.Output<Record<string, string>>;
  /** JSON text of the verified provenance predicate, if one was asked for. */
  public readonly verifiedProvenance!: pulumi.Output<string | undefined>;
  /** JSON text of the report: what was found on each manifest. */
  public readonly verification!: pulumi.Output<string>;
  constructor(name: string, args: VerifiedImageArgs, opts?: pulumi.ComponentResourceOptions) {
    super('signed-image:index:VerifiedImage', name, args, opts);
  }
}
