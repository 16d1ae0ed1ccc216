import * as pulumi from '@pulumi/pulumi';

import type { SignedImageArgs } from './args';
import { imageSource } from './image-source';
import { nonsecretOf } from './nonsecret-paths';
import { unsupportedBuildInputs } from './provider-builders';
import { verificationOf } from './verification';
import { token } from '../package';
import { ImageSignature } from '../resources/image-signature';
import type { LogEntryOutput, SignerOutput } from '../resources/signature-outputs';
import { SigningPlan } from '../resources/signing-plan';
import { VerifiedImage } from '../resources/verified-image';
import { guardedArguments } from '../secrecy/guarded-arguments';
import { RESOURCE_INPUTS } from '../secrecy/input-table';
import { isAsync, visibleUnknownMembers } from '../secrecy/visible-unknown-members';
import type { VerifiedImageReference } from '../../verify/report';

/** Inputs that the component passes to the signature. */
const SIGNATURE_INPUTS = [
  'annotations',
  'source',
  'provenance',
  'keyless',
  'transparency',
  'format',
  'signedIdentity',
  'deletion',
];

/** Kept outside of the class: every field of the class becomes an output in the state, and a required one in the schema. */
const verifications = new WeakMap<SignedImage, VerifiedImage>();

/**
 * Builds and pushes an image (or uses an existing one), signs it, attests its provenance, and verifies
 * what the registry stores. Its digest is available only if the verification succeeds.
 */
export class SignedImage extends pulumi.ComponentResource {
  /** The verified digest: `sha256:...`. */
  public readonly digest: pulumi.Output<string>;
  /** The signer. */
  public readonly signer: pulumi.Output<SignerOutput>;
  /** All signed annotations: the detected facts and the declared ones. */
  public readonly annotations: pulumi.Output<Record<string, string>>;
  /** PEM of the certificate that signed the image; absent with a key. */
  public readonly certificate: pulumi.Output<string | undefined>;
  /** JSON texts of the Sigstore bundles, for verification without a registry. */
  public readonly bundles: pulumi.Output<string[]>;
  /** Transparency log entries of the signatures. */
  public readonly logEntries: pulumi.Output<LogEntryOutput[]>;
  /** JSON text of the verified SLSA provenance predicate; absent if provenance is disabled. */
  public readonly provenance: pulumi.Output<string | undefined>;
  /** JSON text of the verification report, with the result for each manifest. */
  public readonly verification: pulumi.Output<string>;

  constructor(name: string, args: SignedImageArgs, opts?: pulumi.ComponentResourceOptions) {
    // `super` gets no arguments: it would store them in the state in plain text.
    super(token('SignedImage'), name, {}, opts);
    const declared = prepareArguments(args);
    const { key, keyless, sigstore, transparency, annotations, source, format, registry } =
      declared;
    const { signedIdentity } = declared;

    const plan = new SigningPlan(`${name}-plan`, planArgs(declared), { parent: this });
    const { digest, summary, facts } = imageSource(name, plan, declared, this);
    const claimed = pulumi.interpolate`${plan.repository}@${digest}`;
    const signature = new ImageSignature(
      `${name}-signature`,
      {
        image: claimed,
        ...(summary && { build: summary }),
        ...(facts && { facts }),
        ...withoutUndefined({
          key,
          keyless,
          sigstore,
          transparency,
          annotations,
          source,
          format,
          signedIdentity,
          registry,
        }),
        ...(declared.provenance && { provenance: declared.provenance }),
        ...(declared.verify?.always !== undefined && { always: declared.verify.always }),
        ...(declared.deletion !== undefined && { deletion: declared.deletion }),
        ...nonsecretOf(declared, SIGNATURE_INPUTS),
      },
      { parent: this },
    );
    const verified = new VerifiedImage(
      `${name}-verified`,
      verificationOf(claimed, signature, declared),
      { parent: this },
    );

    this.digest = verified.digest;
    verifications.set(this, verified);
    this.signer = verified.signer;
    this.annotations = verified.signedAnnotations;
    this.certificate = signature.certificate;
    this.bundles = signature.bundles;
    this.logEntries = signature.logEntries;
    this.provenance = verified.verifiedProvenance;
    this.verification = verified.verification;
    this.registerOutputs(outputsOf(this));
  }

  /** The verified reference, `host/repo@sha256:...`: use it in workloads. */
  get imageRef(): pulumi.Output<VerifiedImageReference> {
    return verificationIn(this).imageRef;
  }

  /**
   * Base64 of a gzipped tar archive with the folder that `signed-image export` writes, without the layers of the image;
   * absent unless `verify.exportProof` is set.
   */
  get proof(): pulumi.Output<string | undefined> {
    return verificationIn(this).proof;
  }
}

function verificationIn(image: SignedImage): VerifiedImage {
  return verifications.get(image) as VerifiedImage;
}

/** Returns the outputs by their names in the schema, for a program in another language. */
export function remoteOutputsOf(image: SignedImage): Record<string, pulumi.Output<unknown>> {
  return { ...outputsOf(image), proof: orNull(image.proof) };
}

/** The outputs in the state of the component. The proof is in that of its verification only: it has many kilobytes. */
function outputsOf(image: SignedImage): Record<string, pulumi.Output<unknown>> {
  return {
    digest: image.digest,
    imageRef: image.imageRef,
    signer: image.signer,
    annotations: image.annotations,
    certificate: orNull(image.certificate),
    bundles: image.bundles,
    logEntries: image.logEntries,
    provenance: orNull(image.provenance),
    verification: image.verification,
  };
}

/**
 * Returns `null` for an output without a value. If it were absent, the SDK would take it for unknown in a preview, and
 * show an input of the same name instead.
 */
function orNull(output: pulumi.Output<string | undefined>): pulumi.Output<string | null> {
  return output.apply((text) => text ?? null);
}

/** The plan validates the build and does not need its secrets. */
function planArgs(declared: SignedImageArgs): SignedImageArgs {
  if (!declared.build) return declared;
  const build = { ...declared.build };
  delete build.secrets;
  return { ...declared, build };
}

function withoutUndefined<T extends object>(members: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== undefined),
  ) as Partial<T>;
}

const OBJECT_INPUTS = [
  'build',
  'key',
  'keyless',
  'sigstore',
  'source',
  'provenance',
  'registry',
  'verify',
] as const;

/**
 * Validates the arguments and marks every secret, whether or not the program marked it. An object
 * that is an output or a promise as a whole is rejected: a component must see which of its members are
 * set, and which builder they are checked against.
 */
function prepareArguments(args: SignedImageArgs): SignedImageArgs {
  const errors: pulumi.InputPropertyErrorDetails[] = OBJECT_INPUTS.filter((name) =>
    isAsync(args[name]),
  ).map((name) => ({
    propertyPath: name,
    reason:
      'is an output, a secret or a promise as a whole; give an object whose members are outputs',
  }));
  // The members of an output are outputs, too: of these only the whole is reported.
  const build = isAsync(args.build) ? undefined : args.build;
  if (isAsync(build?.builder)) {
    errors.push({ propertyPath: 'build.builder', reason: 'must be known when the program runs' });
  } else if (build) errors.push(...unsupportedBuildInputs(build));
  if (errors.length > 0) {
    // Without other errors, the plan reports these: together with all that it finds itself.
    errors.push(...visibleUnknownMembers(args, RESOURCE_INPUTS.SignedImage));
    throw new pulumi.InputPropertiesError({
      message: 'invalid arguments',
      // As in the errors of the plugin: a search for the code finds the documentation.
      errors: errors.map(({ propertyPath, reason }) => ({
        propertyPath,
        reason: `${reason} [INPUT_INVALID]`,
      })),
    });
  }

  return guardedArguments('SignedImage', args);
}
