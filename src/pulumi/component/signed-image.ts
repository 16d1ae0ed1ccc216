import * as pulumi from '@pulumi/pulumi';

import type { SignedImageArgs } from './args';
import { imageSource } from './image-source';
import { nonsecretOf } from './nonsecret-paths';
import { refusedByProvider } from './provider-builders';
import { verificationOf } from './verification';
import { token } from '../package';
import { ImageSignature } from '../resources/image-signature';
import type { LogEntryOutput, SignerOutput } from '../resources/signature-outputs';
import { SigningPlan } from '../resources/signing-plan';
import { VerifiedImage } from '../resources/verified-image';
import { guardedArguments, isEventual } from '../secrecy/guarded-arguments';
import type { VerifiedImageReference } from '../../verify/report';

/** Inputs of the signature that the component hands on. */
const PUBLISHED = [
  'annotations',
  'source',
  'provenance',
  'keyless',
  'transparency',
  'format',
  'deletion',
];

/** Outside the class: whatever is a field of it becomes an output in the schema. */
const references = new WeakMap<SignedImage, pulumi.Output<VerifiedImageReference>>();

/**
 * Builds and pushes an image (or takes an existing one), signs it, binds its source to it, reads
 * the registry back, and has a digest only if all of that verified.
 */
export class SignedImage extends pulumi.ComponentResource {
  /** The verified digest: `sha256:...`. */
  public readonly digest: pulumi.Output<string>;
  /** Who signed. */
  public readonly signer: pulumi.Output<SignerOutput>;
  /** All signed annotations: the detected facts and the declared ones. */
  public readonly annotations: pulumi.Output<Record<string, string>>;
  /** PEM of the certificate that signed the image; absent with a key. */
  public readonly certificate: pulumi.Output<string | undefined>;
  /** JSON texts of the Sigstore bundles, for verification without a registry. */
  public readonly bundles: pulumi.Output<string[]>;
  /** Entries of the transparency log. */
  public readonly logEntries: pulumi.Output<LogEntryOutput[]>;
  /** JSON text of the verified SLSA provenance predicate; absent where it is disabled. */
  public readonly provenance: pulumi.Output<string | undefined>;
  /** JSON text of the verification report: what was found on each manifest. */
  public readonly verification: pulumi.Output<string>;

  constructor(name: string, args: SignedImageArgs, opts?: pulumi.ComponentResourceOptions) {
    // No arguments for `super`: it would write them into the state in plain text.
    super(token('SignedImage'), name, {}, opts);
    const declared = guarded(args);
    const { key, keyless, sigstore, transparency, annotations, source, format, registry } =
      declared;

    const plan = new SigningPlan(`${name}-plan`, planArgs(declared), { parent: this });
    const { digest, summary, facts } = imageSource(name, plan, declared, this);
    const claimed = pulumi.interpolate`${plan.repository}@${digest}`;
    const signature = new ImageSignature(
      `${name}-signature`,
      {
        image: claimed,
        ...(summary && { build: summary }),
        ...(facts && { facts }),
        ...defined({ key, keyless, sigstore, transparency, annotations, source, format, registry }),
        ...(declared.provenance && { provenance: declared.provenance }),
        ...(declared.verify?.always !== undefined && { always: declared.verify.always }),
        ...(declared.deletion !== undefined && { deletion: declared.deletion }),
        ...nonsecretOf(declared, PUBLISHED),
      },
      { parent: this },
    );
    const verified = new VerifiedImage(
      `${name}-verified`,
      verificationOf(claimed, signature, declared),
      { parent: this },
    );

    this.digest = verified.digest;
    references.set(this, verified.imageRef);
    this.signer = verified.signer;
    this.annotations = verified.signedAnnotations;
    this.certificate = signature.certificate;
    this.bundles = signature.bundles;
    this.logEntries = signature.logEntries;
    this.provenance = verified.verifiedProvenance;
    this.verification = verified.verification;
    this.registerOutputs(outputsOf(this));
  }

  /** `host/repo@sha256:...`, verified: what a Deployment must consume. */
  get imageRef(): pulumi.Output<VerifiedImageReference> {
    return references.get(this) as pulumi.Output<VerifiedImageReference>;
  }
}

/** The outputs, by their names in the schema. */
export function outputsOf(image: SignedImage): Record<string, pulumi.Output<unknown>> {
  return {
    digest: image.digest,
    imageRef: image.imageRef,
    signer: image.signer,
    annotations: image.annotations,
    certificate: image.certificate,
    bundles: image.bundles,
    logEntries: image.logEntries,
    // There is an input of this name too: an output that is absent would show the input instead.
    provenance: image.provenance.apply((text) => text ?? null),
    verification: image.verification,
  };
}

/** The plan checks the build, and has no use for its secrets. */
function planArgs(declared: SignedImageArgs): SignedImageArgs {
  if (!declared.build) return declared;
  const build = { ...declared.build };
  delete build.secrets;
  return { ...declared, build };
}

function defined<T extends object>(members: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== undefined),
  ) as Partial<T>;
}

const OBJECTS = [
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
 * The arguments with every secret marked as one, whether the program marked it or not. An object
 * that is an output or a promise as a whole is refused: a component must see which of its members were
 * given, and which builder is to be checked against them.
 */
function guarded(args: SignedImageArgs): SignedImageArgs {
  const errors: pulumi.InputPropertyErrorDetails[] = OBJECTS.filter((name) =>
    isEventual(args[name]),
  ).map((name) => ({
    propertyPath: name,
    reason:
      'is an output, a secret or a promise as a whole; give an object whose members are outputs',
  }));
  // The members of an output are outputs, too: of these only the whole is reported.
  const build = isEventual(args.build) ? undefined : args.build;
  if (isEventual(build?.builder)) {
    errors.push({ propertyPath: 'build.builder', reason: 'must be known when the program runs' });
  } else if (build) errors.push(...refusedByProvider(build));
  if (errors.length > 0)
    throw new pulumi.InputPropertiesError({ message: 'invalid arguments', errors });

  return guardedArguments('SignedImage', args);
}
