/** Who signed. */
export interface SignerOutput {
  /** `key` or `keyless`. */
  kind: string;
  /** Hex sha256 of the public key's SubjectPublicKeyInfo, for a key. */
  keyId?: string;
  /** PEM of the public key, for a key. */
  publicKey?: string;
  /** Subject alternative name of the certificate, for an identity. */
  identity?: string;
  /** OIDC issuer in the certificate, for an identity. */
  issuer?: string;
}

/** An entry of the transparency log. */
export interface LogEntryOutput {
  /** Index in the log. */
  logIndex: string;
  /** Base64 of the log's key id. */
  logId: string;
  /** Seconds since 1970; absent where the log gives none. */
  integratedTime?: number;
  /** Digest of the manifest that was signed. */
  subject: string;
  /** `signature` or `provenance`. */
  purpose: string;
}

/** A signature as it stands in the registry. */
export interface StoredSignatureOutput {
  /** Digest of the manifest that was signed. */
  subject: string;
  /** `signature` or `provenance`. */
  purpose: string;
  /** `bundle` or `legacy`. */
  format: string;
  /** Digest of the referrer manifest (`bundle`) or of the layer (`legacy`). */
  stored: string;
}

/** A signature that the resource itself wrote, or was about to write when it failed. */
export interface WrittenSignatureOutput extends StoredSignatureOutput {
  /** Base64 of the signature, which tells layers of one payload apart (`legacy` signatures). */
  signature?: string;
}

/** An image that the resource itself pushed. */
export interface PushedImageOutput {
  /** Digest that the builder told. */
  digest: string;
  tag?: string;
}

/** What was built, and from what. */
export interface BuildSummaryOutput {
  /** The declared choice of builder. */
  builder: string;
  /** The command-line builder that ran. */
  usedBuilder?: string;
  buildxBuilder?: string;
  /** Tag that was pushed. */
  tag?: string;
  /** As declared, relative to the program's folder. */
  context: string;
  /** As declared, relative to the program's folder. */
  dockerfile: string;
  dockerfileDigest?: string;
  /** Content hash of the context, `.dockerignore` honoured. */
  contextDigest?: string;
  target?: string;
  /** Build arguments that are no secrets. */
  args?: Record<string, string>;
  /** Names of the build arguments whose values are secret. */
  secretArgs?: string[];
  /** Ids of the build secrets. */
  secretIds?: string[];
  platforms?: string[];
  labels?: Record<string, string>;
  /** RFC 3339, UTC. */
  startedOn?: string;
  /** RFC 3339, UTC. */
  finishedOn?: string;
}

/** The facts about the source that were bound to the digest. */
export interface SourceFactsOutput {
  commit?: string;
  branch?: string;
  /** Tag of the repository that was built. */
  tag?: string;
  /** Full ref where neither branch nor tag says it, such as `refs/pull/5/merge`. */
  ref?: string;
  repository?: string;
  /** The fork that a pull or merge request comes from. */
  headRepository?: string;
  dirty?: boolean;
  /** URI for `runDetails.builder.id`. */
  builder: string;
  /** `github-actions`, `gitlab-ci`, `jenkins`, `git` or `none`. */
  system: string;
  /** URL of the run. */
  invocation?: string;
  /** Who started the run. */
  user?: string;
}
