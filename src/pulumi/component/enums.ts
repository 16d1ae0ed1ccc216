// Enums in the form that the schema analyzer reads (docs/explanation/adr/0003). Each is a type, and an object with its values.

/** What builds the image. */
export const Builder = {
  /** The first of `buildx`, `docker`, `podman`, `buildah` that works and has what the build needs. */
  Auto: 'auto',
  /** `docker buildx` (BuildKit). */
  Buildx: 'buildx',
  /** `docker build` without BuildKit. */
  Docker: 'docker',
  /** `podman build`. */
  Podman: 'podman',
  /** `buildah build`. */
  Buildah: 'buildah',
  /** A child resource `docker:index:Image`. */
  PulumiDocker: 'pulumi-docker',
  /** A child resource `docker-build:index:Image`. */
  PulumiDockerBuild: 'pulumi-docker-build',
} as const;
export type Builder = (typeof Builder)[keyof typeof Builder];

/** The network of `RUN` steps. */
export const BuildNetwork = {
  /** The network that the builder chooses. */
  Default: 'default',
  /** No network. */
  None: 'none',
  /** The network of the builder's host. */
  Host: 'host',
} as const;
export type BuildNetwork = (typeof BuildNetwork)[keyof typeof BuildNetwork];

/** The form of the provenance statement: its build type, parameters and builder. */
export const ProvenanceForm = {
  /** `github-actions` where it is possible and describes this build, else `signed-image`. */
  Auto: 'auto',
  /**
   * The build type of GitHub Actions, as `actions/attest-build-provenance` writes it, with the claims of the identity
   * token that signs. Requires keyless signing in GitHub Actions.
   */
  GithubActions: 'github-actions',
  /** The build type of this package, with the inputs of the build. */
  SignedImage: 'signed-image',
} as const;
export type ProvenanceForm = (typeof ProvenanceForm)[keyof typeof ProvenanceForm];

/** Where the OIDC token for Fulcio is taken from. */
export const IdentityProvider = {
  /** The first provider that has a token. */
  Auto: 'auto',
  /** GitHub Actions (`id-token: write`). */
  GithubActions: 'github-actions',
  /** GitLab CI (`id_tokens`). */
  GitlabCi: 'gitlab-ci',
  /** Buildkite (`buildkite-agent oidc request-token`). */
  Buildkite: 'buildkite',
  /** CircleCI (`circleci run oidc get`). */
  Circleci: 'circleci',
  /** An environment variable: `tokenEnv`. */
  Env: 'env',
  /** The projected token of a Kubernetes service account. */
  Kubernetes: 'kubernetes',
  /** A file: `tokenFile`. */
  File: 'file',
  /** A Google service account that is impersonated. */
  GoogleImpersonation: 'google-impersonation',
  /** The metadata server or the credentials of Google Cloud. */
  Google: 'google',
  /** The SPIFFE workload API. */
  Spiffe: 'spiffe',
  /** An interactive login in a browser; in updates only. */
  Browser: 'browser',
  /** An interactive login with a device code; in updates only. */
  Device: 'device',
} as const;
export type IdentityProvider = (typeof IdentityProvider)[keyof typeof IdentityProvider];

/** The interactive login to use where no token is found. */
export const InteractiveLogin = {
  /** In a browser on this machine. */
  Browser: 'browser',
  /** With a code that is entered on another device. */
  Device: 'device',
} as const;
export type InteractiveLogin = (typeof InteractiveLogin)[keyof typeof InteractiveLogin];

/** Which transparency log a signature is written to. */
export const Transparency = {
  /** The public-good log, or that of `sigstore.rekorUrl`. */
  Public: 'public',
  /** The log of `sigstore.rekorUrl` only. */
  Private: 'private',
  /** No log. */
  None: 'none',
} as const;
export type Transparency = (typeof Transparency)[keyof typeof Transparency];

/** What must prove the time of a signature. */
export const RequiredTransparency = {
  /** A verified entry of a transparency log. */
  Log: 'log',
  /** A verified RFC 3161 timestamp. */
  Timestamp: 'timestamp',
  /** Nothing. Only with keys. */
  None: 'none',
} as const;
export type RequiredTransparency = (typeof RequiredTransparency)[keyof typeof RequiredTransparency];

/** How signatures are stored in the registry. */
export const SignatureFormat = {
  /** Sigstore bundles as referrers, as cosign 3 stores them. */
  Bundle: 'bundle',
  /** Tags `sha256-....sig` and `sha256-....att`, as cosign 1 and 2 store them. */
  Legacy: 'legacy',
  /** Both of these. */
  Both: 'both',
} as const;
export type SignatureFormat = (typeof SignatureFormat)[keyof typeof SignatureFormat];

/** How one signature is stored in the registry. */
export const StorageFormat = {
  /** A Sigstore bundle. */
  Bundle: 'bundle',
  /** A layer of a `.sig` or `.att` tag. */
  Legacy: 'legacy',
} as const;
export type StorageFormat = (typeof StorageFormat)[keyof typeof StorageFormat];

/** The storage format in which a signature must be found. */
export const RequiredFormat = {
  /** Either format. */
  Any: 'any',
  /** Sigstore bundles. */
  Bundle: 'bundle',
  /** Tags `sha256-....sig` and `sha256-....att`. */
  Legacy: 'legacy',
  /** Both formats. */
  Both: 'both',
} as const;
export type RequiredFormat = (typeof RequiredFormat)[keyof typeof RequiredFormat];

/** What is removed from the registry when the resource is deleted or replaced. */
export const Deletion = {
  /** Nothing. */
  Keep: 'keep',
  /** The signatures that the resource wrote. */
  Signatures: 'signatures',
  /** Also the images that the resource built and pushed, unless something else refers to them. */
  All: 'all',
} as const;
export type Deletion = (typeof Deletion)[keyof typeof Deletion];

/** The kind of a signer. */
export const SignerKind = {
  /** A key. */
  Key: 'key',
  /** An identity, with a certificate of Fulcio. */
  Keyless: 'keyless',
} as const;
export type SignerKind = (typeof SignerKind)[keyof typeof SignerKind];

/** What a signature was made over. */
export const SignaturePurpose = {
  /** The manifest and the annotations. */
  Signature: 'signature',
  /** The provenance statement. */
  Provenance: 'provenance',
  /** A statement of another predicate type. */
  Attestation: 'attestation',
} as const;
export type SignaturePurpose = (typeof SignaturePurpose)[keyof typeof SignaturePurpose];

/** The result of an audit of a transparency log. */
export const LogAuditOutcome = {
  /** Stacks made all entries of the signers. */
  Clean: 'clean',
  /** There are entries that no stack made. */
  Findings: 'findings',
  /** Entries could not be parsed, or were not read yet. */
  Incomplete: 'incomplete',
} as const;
export type LogAuditOutcome = (typeof LogAuditOutcome)[keyof typeof LogAuditOutcome];

/** What a cluster does with what a policy does not admit. */
export const AdmissionAction = {
  /** Refuses it. */
  Deny: 'Deny',
  /** Admits it, and warns whoever applies it. */
  Warn: 'Warn',
  /** Admits it, and records it in the audit log of the API server. */
  Audit: 'Audit',
} as const;
export type AdmissionAction = (typeof AdmissionAction)[keyof typeof AdmissionAction];
