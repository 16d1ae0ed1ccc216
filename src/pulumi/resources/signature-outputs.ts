import type { SignaturePurpose, SignerKind, StorageFormat } from '../component/enums';

/** The signer of an image. */
export interface SignerOutput {
  /** `key` or `keyless`. */
  kind: SignerKind;
  /** Hex sha256 of the public key's SubjectPublicKeyInfo, for a key. */
  keyId?: string;
  /** PEM of the public key, for a key. */
  publicKey?: string;
  /** Subject alternative name of the certificate, for an identity. */
  identity?: string;
  /** OIDC issuer in the certificate, for an identity. */
  issuer?: string;
}

/** A transparency log entry. */
export interface LogEntryOutput {
  /** Log index of the entry, a decimal number (not a URL). */
  logIndex: string;
  /** Key id of the log, Base64. */
  logId: string;
  /** Unix time in seconds; absent for logs without an integrated time (Rekor v2). */
  integratedTime?: number;
  /** Digest of the manifest that was signed. */
  subject: string;
  /** `signature` or `provenance`. */
  purpose: SignaturePurpose;
}

/** A signature that is stored in the registry. */
export interface StoredSignatureOutput {
  /** Digest of the manifest that was signed. */
  subject: string;
  /** `signature` or `provenance`. */
  purpose: SignaturePurpose;
  /** `bundle` or `legacy`. */
  format: StorageFormat;
  /** Digest of the referrer manifest (`bundle`) or of the layer (`legacy`). */
  stored: string;
}

/** A signature that the resource wrote, or was about to write when it failed. */
export interface WrittenSignatureOutput extends StoredSignatureOutput {
  /** The signature, Base64, which distinguishes layers with the same payload (`legacy` format). */
  signature?: string;
}

/** An image that the resource pushed. */
export interface PushedImageOutput {
  /** Digest that the builder reported. */
  digest: string;
  /** Tag that the image was pushed to. */
  tag?: string;
}

/** What was built, and from what. */
export interface BuildSummaryOutput {
  /** The declared builder. */
  builder: string;
  /** The command-line builder that ran. */
  usedBuilder?: string;
  /** Name of the buildx builder. */
  buildxBuilder?: string;
  /** The pushed tag. */
  tag?: string;
  /** Relative to the program's directory. */
  context: string;
  /** Relative to the program's directory. */
  dockerfile: string;
  /** Digest of the Dockerfile, `sha256:...`. */
  dockerfileDigest?: string;
  /** Content hash of the context, without the files that `.dockerignore` excludes. */
  contextDigest?: string;
  /** Target stage. */
  target?: string;
  /** Build arguments that are not secret. */
  args?: Record<string, string>;
  /** Names of the build arguments whose values are secret. */
  secretArgs?: string[];
  /** Ids of the build secrets. */
  secretIds?: string[];
  /** Platforms, `os/arch[/variant]`. */
  platforms?: string[];
  /** Image labels. */
  labels?: Record<string, string>;
  /** Named contexts: a path relative to the program's directory, or `docker-image://` and a reference. */
  contexts?: Record<string, string>;
  /** Content hashes of the named contexts that are directories, by name. */
  contextDigests?: Record<string, string>;
  /** Whether base images had to be resolved in their registries. */
  pull?: boolean;
  /** Whether every step was built again. */
  noCache?: boolean;
  /** `none` or `host`; absent for the default network. */
  network?: string;
  /** Additional entries of `/etc/hosts` in `RUN` steps. */
  addHosts?: Record<string, string>;
  /** Ids of the SSH agents and keys. */
  sshIds?: string[];
  /** Whether an SBOM attestation was requested. */
  sbom?: boolean;
  /** RFC 3339, UTC. */
  startedOn?: string;
  /** RFC 3339, UTC. */
  finishedOn?: string;
}

/** Facts about the source that are bound to the digest. */
export interface SourceFactsOutput {
  /** Full commit id, 40 or 64 hex digits. */
  commit?: string;
  /** Name of the branch, without `refs/heads/`. */
  branch?: string;
  /** Git tag that was built. */
  tag?: string;
  /** Full ref if it is neither a branch nor a tag, such as `refs/pull/5/merge`. */
  ref?: string;
  /** URL of the repository, without credentials. */
  repository?: string;
  /** Source repository of a pull or merge request from a fork. */
  headRepository?: string;
  /** Folder of the build context in the repository; absent at its top. */
  path?: string;
  /** The repository that has this one as a submodule: `git+https://host/path@<commit>#<folder of the submodule>`. */
  superproject?: string;
  /** Whether the work tree differed from the commit. */
  dirty?: boolean;
  /** URI for `runDetails.builder.id`. */
  builder: string;
  /** The detected CI system, such as `github-actions` or `gitlab-ci`; otherwise `git` or `none`. */
  system: string;
  /** URL of the run. */
  invocation?: string;
  /** User who started the run. */
  user?: string;
}
