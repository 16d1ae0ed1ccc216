import type { LogAuditOutcome, StorageFormat } from '../component/enums';
import type { SignerOutput } from '../resources/signature-outputs';

/** What a verification found. */
export interface VerifyImageResult {
  /** Whether the image meets all requirements. */
  verified: boolean;
  /**
   * `host/repo@sha256:...`, verified or not. For a workload use a `VerifiedImage`: it fails where this function
   * reports.
   */
  reference: string;
  /** Digest of the image. */
  digest: string;
  /** The signer of the image; absent if no signature of a trusted signer verifies. */
  signer?: SignerOutput;
  /** All annotations of that signature. */
  signedAnnotations: Record<string, string>;
  /** JSON text of the verified provenance predicate, if `provenance` is set. */
  verifiedProvenance?: string;
  /** JSON text of the verification report, with the result for each manifest. */
  verification: string;
  /** A line for each requirement that is not met, with its error code. */
  unmet: string[];
}

/** A signature or attestation as it says of itself: nothing of it is verified. */
export interface FoundSignatureOutput {
  /** Digest of the manifest that it is stored for. */
  subject: string;
  /** `os/architecture[/variant]` of that manifest; absent for the image itself. */
  platform?: string;
  /** How it is stored. */
  format: StorageFormat;
  /** Digest of the referrer manifest (`bundle`) or of the layer (`legacy`). */
  stored: string;
  /** `predicateType` of the in-toto statement; absent for a signature without a statement. */
  predicateType?: string;
  /** Subject alternative name of the certificate; absent for a key. */
  identity?: string;
  /** OIDC issuer in the certificate; absent for a key. */
  issuer?: string;
  /** PEM of the certificate; absent for a key. */
  certificate?: string;
  /** Log indexes of its transparency log entries, decimal numbers. */
  logIndexes: string[];
}

/** Something that is stored for the image and cannot be read as a signature. */
export interface UnreadableSignatureOutput {
  /** Digest of the manifest that it is stored for. */
  subject: string;
  /** Digest of the referrer manifest or layer. */
  stored: string;
  /** Why it cannot be read. */
  reason: string;
}

/** All signatures and attestations of an image and its platform manifests. */
export interface ListSignaturesResult {
  /** `host/repo@sha256:...`. */
  reference: string;
  /** Digest of the image. */
  digest: string;
  /** The signatures and attestations, of any signer, in both formats. */
  signatures: FoundSignatureOutput[];
  /** What is stored for the image and cannot be read as a signature. */
  unreadable: UnreadableSignatureOutput[];
}

/** A manifest that an image index lists. */
export interface PlatformManifestOutput {
  /** `os/architecture[/variant]`. */
  platform: string;
  /** Digest of the manifest. */
  digest: string;
}

/** What a reference names at this time. */
export interface ResolveImageResult {
  /** `host/repo@sha256:...`. */
  reference: string;
  /** Digest of the image. */
  digest: string;
  /** Media type of the manifest. */
  mediaType: string;
  /** The platform manifests of an index; empty for a single image. */
  platforms: PlatformManifestOutput[];
}

/** An entry of a transparency log with one of the signers, which no stack made. */
export interface LogFindingOutput {
  /** Its log index, a decimal number. */
  logIndex: string;
  /** Base64 of the id of the log. */
  logId: string;
  /** Id of the tree (Rekor v1), or origin of the log. */
  tree: string;
  /** Hex of the hash of the leaf: the second part of its UUID in Rekor v1. */
  leafHash: string;
  /** Kind and version of the entry. */
  kind: string;
  /** SHA-256 of the public key, for an entry that was made with a key. */
  keyId?: string;
  /** Identity in the certificate; absent for a key. */
  identity?: string;
  /** OIDC issuer in the certificate; absent for a key. */
  issuer?: string;
  /** Whether an authority of the trusted root issued the certificate; absent for a key. */
  certificateTrusted?: boolean;
  /** `sha256:` of what was signed. */
  digests: string[];
  /** Time that the log claims, RFC 3339; only Rekor v1 does. */
  integratedTime?: string;
  /** SHA-256 of the certificate or key in the entry. */
  fingerprint: string;
}

/** What an audit of a transparency log found. */
export interface AuditLogResult {
  /** `findings` take precedence over `incomplete`. */
  outcome: LogAuditOutcome;
  /** URL of the log. */
  log: string;
  /** Major version of its API. */
  version: number;
  /** Number of entries that this call read. */
  read: number;
  /** Number of entries of the signers that stacks made, of those that this call read. */
  known: number;
  /** Number of entries that `maxEntries` left for the next call. */
  remaining: number;
  /** Number of entries of the signers that no stack made, of this call and earlier ones. */
  findingCount: number;
  /** The first 1000 of them. */
  findings: LogFindingOutput[];
  /** Log indexes of entries that could not be parsed; at most 100. */
  unparsed: string[];
  /** Notes that are not findings. */
  notes: string[];
  /** JSON text to give to the next call, which continues from here. It has all findings. */
  checkpoint: string;
}
