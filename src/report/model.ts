import type { Digest } from '../oci/digest';
import type { SignerDescription } from '../key/signer';
import type { LogEntry, StoredFormat } from '../storage/signature';
import type { PartStatus } from '../verify/report';

/** The results of an image, worst first. */
export const IMAGE_STATUSES = ['problem', 'incomplete', 'verified', 'exempt'] as const;

/**
 * `problem`: something is wrong. `incomplete`: a check failed, or the input has no result. `exempt`: the
 * audit did not verify the image, for a reason that is given.
 */
export type ImageStatus = (typeof IMAGE_STATUSES)[number];

/** The source from which an image was built, as it was signed. */
export interface ReportedSource {
  readonly commit?: string;
  readonly branch?: string;
  readonly tag?: string;
  readonly ref?: string;
  readonly repository?: string;
  readonly dirty?: boolean;
}

/** The build of an image. */
export interface ReportedBuild {
  /** `runDetails.builder.id` of the provenance. */
  readonly builderId?: string;
  /** `buildDefinition.buildType` of the provenance. */
  readonly buildType?: string;
  /** Program that ran the build, such as `buildx`. */
  readonly builder?: string;
  readonly dockerfile?: string;
  readonly dockerfileDigest?: string;
  readonly contextDigest?: string;
  readonly platforms?: readonly string[];
  /** CI system that was detected. */
  readonly system?: string;
  /** URL of the CI run. */
  readonly invocation?: string;
  readonly user?: string;
  /** RFC 3339. */
  readonly startedOn?: string;
  /** RFC 3339. */
  readonly finishedOn?: string;
}

/** A signature or an attestation of one manifest, in one format. */
export interface ReportedPart {
  /** `signature`, `provenance`, or another purpose of a later version. */
  readonly purpose: string;
  readonly format: StoredFormat | string;
  readonly status: PartStatus | string;
  readonly reason?: string;
  readonly signer?: SignerDescription;
  /** Digest of the referrer manifest or of the layer. */
  readonly stored?: string;
}

export interface ReportedManifest {
  readonly digest: string;
  readonly platform?: string;
  readonly parts: readonly ReportedPart[];
}

/** A transparency log entry. */
export interface ReportedLogEntry extends LogEntry {
  /** Digest of the signed manifest. */
  readonly subject?: string;
  readonly purpose?: string;
  /** Whether the state of the stack has the entry; only in an audit with a stack. */
  readonly inState?: boolean;
}

/** The rule by which an image was verified: the inputs of `VerifiedImage`. */
export interface ReportedRule {
  /** Name of the resource. */
  readonly resource: string;
  /** Key ids of PEM keys, and other references without their secrets. */
  readonly keys: readonly string[];
  readonly trustedKeys: readonly {
    readonly key: string;
    readonly notBefore?: string;
    readonly notAfter?: string;
  }[];
  /** Exact texts, and patterns between slashes. */
  readonly identities: readonly {
    readonly identity: string;
    readonly issuer: string;
    readonly claims?: Readonly<Record<string, string>>;
  }[];
  readonly annotations: Readonly<Record<string, string>>;
  readonly format: string;
  readonly transparency: string;
  /** Required members of the provenance; absent if the provenance is not verified. */
  readonly provenance?: Readonly<Record<string, string>>;
  readonly platforms: boolean;
}

/** What runs an image. */
export interface ReportedWorkload {
  /** `container`: reported by a node of the cluster. `resource`: declared in the stack. */
  readonly kind: 'container' | 'resource';
  /** `namespace/pod/container`, or type and name of the resource. */
  readonly name: string;
}

/** The result of the cluster audit for an image. */
export interface ReportedAudit {
  readonly status: string;
  readonly reason?: string;
  readonly notes: readonly string[];
}

/** Something that is wrong with an image, or that could not be checked. */
export interface ReportedProblem {
  readonly kind: 'problem' | 'incomplete';
  readonly message: string;
}

/** One image, from its commit to its workloads. */
export interface ReportedImage {
  /** Name of the component or of the resource; absent if only the audit has the image. */
  readonly name?: string;
  /** `host/repo@sha256:...`, or what is known of it. */
  readonly image: string;
  readonly digest?: Digest;
  readonly status: ImageStatus;
  readonly problems: readonly ReportedProblem[];
  readonly notes: readonly string[];
  readonly source: ReportedSource;
  readonly build: ReportedBuild;
  readonly annotations: Readonly<Record<string, string>>;
  readonly signer?: SignerDescription;
  readonly manifests: readonly ReportedManifest[];
  readonly logEntries: readonly ReportedLogEntry[];
  readonly rule?: ReportedRule;
  /** When the state of the verification last changed, RFC 3339. */
  readonly verifiedAt?: string;
  readonly audit?: ReportedAudit;
  readonly workloads: readonly ReportedWorkload[];
}

export type ReportOutcome = 'clean' | 'problems' | 'incomplete';

/** A report about the images of a stack, of a cluster, or of both. */
export interface Report {
  /** Version of this format. */
  readonly version: 1;
  /** When the report was created, RFC 3339. */
  readonly created: string;
  readonly outcome: ReportOutcome;
  readonly stack?: {
    readonly name?: string;
    /** When the state was written, RFC 3339. */
    readonly time?: string;
  };
  readonly cluster?: {
    readonly server: string;
    /** Audited namespaces; empty for all. */
    readonly namespaces: readonly string[];
    /** When the pods were listed, RFC 3339. */
    readonly time: string;
  };
  /** Worst first, then by name. */
  readonly images: readonly ReportedImage[];
  readonly notes: readonly string[];
}
