import * as pulumi from '@pulumi/pulumi';

import type {
  KeyArgs,
  KeylessArgs,
  ProvenanceArgs,
  RegistryArgs,
  SigstoreArgs,
  SourceArgs,
} from '../component/args';
import { token } from '../package';
import { withVersion } from './resource-options';
import { guardedArguments } from '../secrecy/guarded-arguments';
import type {
  BuildSummaryOutput,
  LogEntryOutput,
  SignerOutput,
  SourceFactsOutput,
  StoredSignatureOutput,
  WrittenSignatureOutput,
} from './signature-outputs';

export interface ImageSignatureArgs {
  /** What to sign: `host/repo@sha256:...`. */
  image: pulumi.Input<string>;
  key?: pulumi.Input<KeyArgs>;
  keyless?: pulumi.Input<KeylessArgs>;
  sigstore?: pulumi.Input<SigstoreArgs>;
  transparency?: pulumi.Input<string>;
  annotations?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  source?: pulumi.Input<SourceArgs>;
  provenance?: pulumi.Input<ProvenanceArgs>;
  format?: pulumi.Input<string>;
  registry?: pulumi.Input<RegistryArgs>;
  /** The facts that were bound when the image was built; detected at signing where absent. */
  facts?: pulumi.Input<SourceFactsOutput>;
  /** What was built, for the provenance; absent for an image that somebody else built. */
  build?: pulumi.Input<BuildSummaryOutput>;
  /** Look at the registry on every update. */
  always?: pulumi.Input<boolean>;
  /** `keep`, `signatures` or `all` (as `signatures`): what a delete or a replacement removes. Default: `keep`. */
  deletion?: pulumi.Input<string>;
  /** Paths of inputs that may be public although they are marked as secret, `annotations.team` for example. */
  nonsecret?: pulumi.Input<pulumi.Input<string>[]>;
}

/** Signs an image, its platform manifests and their provenance, and stores that in the registry. */
export class ImageSignature extends pulumi.CustomResource {
  static readonly type = token('ImageSignature');

  declare readonly signer: pulumi.Output<SignerOutput>;
  /** All signed annotations: the detected facts and the declared ones. */
  declare readonly signedAnnotations: pulumi.Output<Record<string, string>>;
  declare readonly signatures: pulumi.Output<StoredSignatureOutput[]>;
  /** The bundles' JSON texts. */
  declare readonly bundles: pulumi.Output<string[]>;
  /** PEM of the certificate that signed the image, for an identity. */
  declare readonly certificate: pulumi.Output<string | undefined>;
  declare readonly logEntries: pulumi.Output<LogEntryOutput[]>;
  /** JSON text of the signed provenance predicate. */
  declare readonly signedProvenance: pulumi.Output<string | undefined>;
  /** `log`, `timestamp` or `none`: what the signatures carry, for a verification. */
  declare readonly witnessed: pulumi.Output<string>;
  /** All that this resource wrote itself, oldest first; what it found is not in it. */
  declare readonly written: pulumi.Output<WrittenSignatureOutput[]>;

  constructor(name: string, args: ImageSignatureArgs, options?: pulumi.CustomResourceOptions) {
    super(
      ImageSignature.type,
      name,
      {
        ...guardedArguments('ImageSignature', args),
        signer: undefined,
        signedAnnotations: undefined,
        signatures: undefined,
        bundles: undefined,
        certificate: undefined,
        logEntries: undefined,
        signedProvenance: undefined,
        witnessed: undefined,
        written: undefined,
      },
      withVersion(options),
    );
  }
}
