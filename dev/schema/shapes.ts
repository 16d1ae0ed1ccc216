import * as pulumi from '@pulumi/pulumi';

import { SignedImage } from '../../src/pulumi/component/signed-image';
import type {
  AdmissionExemption,
  AdmissionPolicyArgs,
  FluxVerificationResourceArgs,
  KyvernoPolicyResourceArgs,
  KyvernoTuf,
  PolicyClaims,
  PolicyIdentity,
  PolicyProvenance,
  SignerPolicyResourceArgs,
} from '../../src/enforce/admission';
import type {
  AdmissionAction,
  RequiredTransparency,
  SignatureFormat,
} from '../../src/pulumi/component/enums';
import type { AuditLogOutputArgs } from '../../src/pulumi/functions/functions';
import type {
  AuditLogResult,
  ListSignaturesResult,
  ResolveImageResult,
  VerifyImageResult,
} from '../../src/pulumi/functions/results';
import type { ImageBuildArgs } from '../../src/pulumi/resources/image-build';
import type { ImageSignatureArgs } from '../../src/pulumi/resources/image-signature';
import type {
  BuildSummaryOutput,
  LogEntryOutput,
  PushedImageOutput,
  SignerOutput,
  SourceFactsOutput,
  StoredSignatureOutput,
  WrittenSignatureOutput,
} from '../../src/pulumi/resources/signature-outputs';
import type { ProviderArgs } from '../../src/pulumi/resources/provider';
import type { SigningPlanArgs } from '../../src/pulumi/resources/signing-plan';
import type { VerifiedImageArgs } from '../../src/pulumi/resources/verified-image';

export { SignedImage };

/** The inputs of a function of an image are those of `VerifiedImage`: only its result has a shape here. */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- the analyzer needs an interface
export interface NoArgs {}

/** A reference to a secret of the same namespace. */
export interface FluxSecretReference {
  /** Name of the secret. */
  name: string;
}

/** A keyless signer, as Flux matches it. */
export interface FluxIdentity {
  /** Regular expression for the OIDC issuer. */
  issuer: string;
  /** Regular expression for the subject of the certificate. */
  subject: string;
}

/** `spec.verify` of an `OCIRepository`; also of a `HelmChart`, without a trusted root. */
export interface FluxVerifyShape {
  /** `cosign`. */
  provider: string;
  /** The public keys. */
  secretRef?: FluxSecretReference;
  /** The keyless signers. */
  matchOIDCIdentity?: FluxIdentity[];
  /** The trusted root of a private Sigstore instance. */
  trustedRootSecretRef?: FluxSecretReference;
}

// Pulumi's schema analyzer reads component classes only. These have the shape of our custom
// resources and serve nothing but the generation of schema.json (`npm run schema`); descriptions come from the real classes.

// The analyzer accepts no readonly lists or maps. Descriptions come from the real interfaces.

export interface AdmissionExemptionShape {
  image: string;
  reason: string;
}

export interface PolicyClaimsShape {
  buildSignerUri?: string;
  buildSignerDigest?: string;
  runnerEnvironment?: string;
  sourceRepository?: string;
  sourceDigest?: string;
  sourceRef?: string;
  sourceRepositoryId?: string;
  sourceRepositoryOwner?: string;
  sourceRepositoryOwnerId?: string;
  buildConfigUri?: string;
  buildConfigDigest?: string;
  buildTrigger?: string;
  runInvocationUri?: string;
  sourceRepositoryVisibility?: string;
  deploymentEnvironment?: string;
  githubWorkflowTrigger?: string;
  githubWorkflowSha?: string;
  githubWorkflowName?: string;
  githubWorkflowRepository?: string;
  githubWorkflowRef?: string;
}

export interface PolicyIdentityShape {
  identity?: string;
  identityPattern?: string;
  issuer?: string;
  issuerPattern?: string;
  claims?: PolicyClaimsShape;
  claimPatterns?: PolicyClaimsShape;
}

export interface PolicyProvenanceShape {
  builderId?: string;
}

export interface AdmissionPolicyShape {
  images: pulumi.Input<pulumi.Input<string>[]>;
  exempt?: AdmissionExemptionShape[];
  namespaces?: string[];
  action?: AdmissionAction;
  name?: string;
}

export interface SignerPolicyShape {
  name?: string;
  keys?: pulumi.Input<pulumi.Input<string>[]>;
  identities?: PolicyIdentityShape[];
  images: string[];
  format?: SignatureFormat;
  transparency?: RequiredTransparency;
  trustedRoot?: string;
  annotations?: Record<string, string>;
  provenance?: PolicyProvenanceShape;
  namespaces?: string[];
  action?: AdmissionAction;
}

export interface KyvernoTufShape {
  mirror: string;
  root?: string;
}

export interface KyvernoPolicyShape extends SignerPolicyShape {
  tuf?: KyvernoTufShape;
}

export interface FluxVerificationShape extends SignerPolicyShape {
  namespace?: string;
  interval?: string;
}

/** The compiler refuses a shape that has other members than the real interface. */
type Shaped<Shape, Real> = Readonly<
  Record<Exclude<keyof Shape, keyof Real> | Exclude<keyof Real, keyof Shape>, never>
>;
export const SAME_MEMBERS: Shaped<AdmissionPolicyShape, AdmissionPolicyArgs> &
  Shaped<SignerPolicyShape, SignerPolicyResourceArgs> &
  Shaped<KyvernoPolicyShape, KyvernoPolicyResourceArgs> &
  Shaped<KyvernoTufShape, KyvernoTuf> &
  Shaped<FluxVerificationShape, FluxVerificationResourceArgs> &
  Shaped<AdmissionExemptionShape, AdmissionExemption> &
  Shaped<PolicyIdentityShape, PolicyIdentity> &
  Shaped<PolicyClaimsShape, PolicyClaims> &
  Shaped<PolicyProvenanceShape, PolicyProvenance> = {};

export class AdmissionPolicy extends pulumi.ComponentResource {
  constructor(name: string, args: AdmissionPolicyShape, opts?: pulumi.ComponentResourceOptions) {
    super('signed-image:index:AdmissionPolicy', name, args, opts);
  }
}

export class KyvernoPolicy extends pulumi.ComponentResource {
  constructor(name: string, args: KyvernoPolicyShape, opts?: pulumi.ComponentResourceOptions) {
    super('signed-image:index:KyvernoPolicy', name, args, opts);
  }
}

export class KyvernoClusterPolicy extends pulumi.ComponentResource {
  constructor(name: string, args: SignerPolicyShape, opts?: pulumi.ComponentResourceOptions) {
    super('signed-image:index:KyvernoClusterPolicy', name, args, opts);
  }
}

export class PolicyControllerPolicy extends pulumi.ComponentResource {
  constructor(name: string, args: SignerPolicyShape, opts?: pulumi.ComponentResourceOptions) {
    super('signed-image:index:PolicyControllerPolicy', name, args, opts);
  }
}

export class FluxVerification extends pulumi.ComponentResource {
  public readonly verify!: pulumi.Output<FluxVerifyShape>;
  constructor(name: string, args: FluxVerificationShape, opts?: pulumi.ComponentResourceOptions) {
    super('signed-image:index:FluxVerification', name, args, opts);
  }
}

export class Provider extends pulumi.ComponentResource {
  constructor(name: string, args: ProviderArgs, opts?: pulumi.ComponentResourceOptions) {
    super('signed-image:index:Provider', name, args, opts);
  }
}

export class VerifyImage extends pulumi.ComponentResource {
  public readonly result!: pulumi.Output<VerifyImageResult>;
  constructor(name: string, args: NoArgs, opts?: pulumi.ComponentResourceOptions) {
    super('signed-image:index:VerifyImage', name, args, opts);
  }
}

export class ListSignatures extends pulumi.ComponentResource {
  public readonly result!: pulumi.Output<ListSignaturesResult>;
  constructor(name: string, args: NoArgs, opts?: pulumi.ComponentResourceOptions) {
    super('signed-image:index:ListSignatures', name, args, opts);
  }
}

export class ResolveImage extends pulumi.ComponentResource {
  public readonly result!: pulumi.Output<ResolveImageResult>;
  constructor(name: string, args: NoArgs, opts?: pulumi.ComponentResourceOptions) {
    super('signed-image:index:ResolveImage', name, args, opts);
  }
}

export class AuditLog extends pulumi.ComponentResource {
  public readonly result!: pulumi.Output<AuditLogResult>;
  constructor(name: string, args: AuditLogOutputArgs, opts?: pulumi.ComponentResourceOptions) {
    super('signed-image:index:AuditLog', name, {}, opts);
    void args;
  }
}

export class SigningPlan extends pulumi.ComponentResource {
  public readonly image!: pulumi.Output<string>;
  public readonly repository!: pulumi.Output<string>;
  public readonly digest!: pulumi.Output<string | undefined>;
  public readonly signer!: pulumi.Output<SignerOutput>;
  constructor(name: string, args: SigningPlanArgs, opts?: pulumi.ComponentResourceOptions) {
    super('signed-image:index:SigningPlan', name, args, opts);
  }
}

export class ImageBuild extends pulumi.ComponentResource {
  public readonly claimedDigest!: pulumi.Output<string>;
  public readonly facts!: pulumi.Output<SourceFactsOutput>;
  public readonly summary!: pulumi.Output<BuildSummaryOutput>;
  public readonly pushed!: pulumi.Output<PushedImageOutput[]>;
  constructor(name: string, args: ImageBuildArgs, opts?: pulumi.ComponentResourceOptions) {
    super('signed-image:index:ImageBuild', name, args, opts);
  }
}

export class ImageSignature extends pulumi.ComponentResource {
  public readonly signer!: pulumi.Output<SignerOutput>;
  public readonly signedAnnotations!: pulumi.Output<Record<string, string>>;
  public readonly signatures!: pulumi.Output<StoredSignatureOutput[]>;
  public readonly bundles!: pulumi.Output<string[]>;
  public readonly certificate!: pulumi.Output<string | undefined>;
  public readonly logEntries!: pulumi.Output<LogEntryOutput[]>;
  public readonly signedProvenance!: pulumi.Output<string | undefined>;
  public readonly witnessed!: pulumi.Output<RequiredTransparency>;
  public readonly written!: pulumi.Output<WrittenSignatureOutput[]>;
  constructor(name: string, args: ImageSignatureArgs, opts?: pulumi.ComponentResourceOptions) {
    super('signed-image:index:ImageSignature', name, args, opts);
  }
}

export class VerifiedImage extends pulumi.ComponentResource {
  public readonly digest!: pulumi.Output<string>;
  public readonly imageRef!: pulumi.Output<string>;
  public readonly signer!: pulumi.Output<SignerOutput>;
  public readonly signedAnnotations!: pulumi.Output<Record<string, string>>;
  public readonly verifiedProvenance!: pulumi.Output<string | undefined>;
  public readonly verification!: pulumi.Output<string>;
  public readonly proof!: pulumi.Output<string | undefined>;
  constructor(name: string, args: VerifiedImageArgs, opts?: pulumi.ComponentResourceOptions) {
    super('signed-image:index:VerifiedImage', name, args, opts);
  }
}
