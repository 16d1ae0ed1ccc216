import type { Input } from '@pulumi/pulumi';

import type {
  Builder,
  BuildNetwork,
  Deletion,
  IdentityProvider,
  InteractiveLogin,
  ProvenanceForm,
  RequiredTransparency,
  SignatureFormat,
  Transparency,
} from './enums';

// Rules of the schema analyzer (docs/explanation/adr/0003): interfaces and enums only, no unions, no link tags in comments.
// Objects are plain and their members are inputs, so that a component can see which ones are set.

/** What to build, and how. */
export interface BuildArgs {
  /** Directory of the build context, relative to the program's directory. Default: the program's directory. */
  context?: Input<string>;
  /** Path of the Dockerfile, relative to the program's directory. Default: `Dockerfile` in the context. */
  dockerfile?: Input<string>;
  /** Target stage to build. Default: the last stage. */
  target?: Input<string>;
  /**
   * Build arguments. They are stored in the image history: a secret value is rejected unless `nonsecret`
   * lists it, and is then left out of logs and the provenance. Use `secrets` for secrets.
   */
  args?: Input<Record<string, Input<string>>>;
  /** Build secrets by id (`RUN --mount=type=secret,id=...`). Their values are never stored in the state. */
  secrets?: Input<Record<string, Input<string>>>;
  /** Platforms, `os/arch[/variant]`; more than one produces an image index. Default: the builder's platform. */
  platforms?: Input<Input<string>[]>;
  /** Image labels. They change the digest, so do not put the commit into them. */
  labels?: Input<Record<string, Input<string>>>;
  /** Cache sources in the builder's syntax, without credentials. */
  cacheFrom?: Input<Input<string>[]>;
  /** Cache destinations in the builder's syntax, without credentials. */
  cacheTo?: Input<Input<string>[]>;
  /**
   * Named contexts (`FROM name`, `COPY --from=name`): a directory, relative to the program's directory, or
   * `docker-image://` and an image reference.
   */
  contexts?: Input<Record<string, Input<string>>>;
  /** Resolve every base image in its registry, and fail where that is not possible. Default: false. */
  pull?: Input<boolean>;
  /** Build every step again. Not with `cacheFrom`. Default: false. */
  noCache?: Input<boolean>;
  /** Network of `RUN` steps: `default`, `none` or `host`. Default: `default`. */
  network?: Input<BuildNetwork>;
  /** Additional entries of `/etc/hosts` in `RUN` steps: host name to IP address. */
  addHosts?: Input<Record<string, Input<string>>>;
  /**
   * SSH agent or keys for `RUN --mount=type=ssh`: `default` (the agent of `SSH_AUTH_SOCK`), or `id=path` with the
   * path of a socket or key file, relative to the program's directory.
   */
  ssh?: Input<Input<string>[]>;
  /**
   * Attach an SBOM attestation of BuildKit to the image, which then is an index. Only with `buildx`. Default:
   * false.
   */
  sbom?: Input<boolean>;
  /**
   * `auto` (the first of `buildx`, `docker`, `podman`, `buildah` that works), one of these, or
   * `pulumi-docker` or `pulumi-docker-build` (a child resource of that provider). Default: `auto`.
   */
  builder?: Builder;
  /** Name of a buildx builder (local, remote or Kubernetes). Only with `buildx` and `pulumi-docker-build`. */
  buildxBuilder?: Input<string>;
  /**
   * Names of additional environment variables to pass to the builder process. Default: only the variables
   * that builders themselves read (docs/builders.md).
   */
  environment?: Input<Input<string>[]>;
}

/** The private key to sign with. */
export interface KeyArgs {
  /**
   * PEM text, the path of a PEM file, `env://NAME`, or a reference to a Kubernetes secret (`k8s://`), GitLab
   * (`gitlab://`), a KMS (`awskms://`, `gcpkms://`, `azurekms://`), Vault or OpenBao (`hashivault://`), or a
   * PKCS#11 token (`pkcs11:`). PEM text and PINs are not stored in the state.
   */
  ref: Input<string>;
  /** Password of an encrypted key. Default: the environment variable `COSIGN_PASSWORD`. Not stored in the state. */
  password?: Input<string>;
}

/** The identity to sign with. The token itself is never an input, because inputs are stored in the state. */
export interface KeylessArgs {
  /**
   * `github-actions`, `gitlab-ci`, `buildkite`, `circleci`, `env`, `kubernetes`, `file`,
   * `google-impersonation`, `google`, `spiffe`, or `auto`: the first of these that has a token. `browser`
   * and `device` start an interactive login, in updates only. Default: `auto`.
   */
  provider?: Input<IdentityProvider>;
  /** Path of a file that contains the OIDC token. Only with `auto`, `file` and `kubernetes`. */
  tokenFile?: Input<string>;
  /** Name of the environment variable that contains the OIDC token. Only with `auto`, `env` and `gitlab-ci`. */
  tokenEnv?: Input<string>;
  /** Required audience of the token, and OAuth client id of the interactive login. Default: `sigstore`. */
  clientId?: Input<string>;
  /**
   * Required issuer of the token, and issuer of the interactive login. Default: any issuer that Fulcio
   * accepts, and `https://oauth2.sigstore.dev/auth` for the interactive login.
   */
  issuer?: Input<string>;
  /**
   * `browser` or `device`: the interactive login to use where `auto` finds no token outside of CI.
   * Default: no interactive login.
   */
  interactive?: Input<InteractiveLogin>;
}

/** The Sigstore instance. Default: the public-good instance. */
export interface SigstoreArgs {
  /** Base URL of Fulcio. */
  fulcioUrl?: Input<string>;
  /** Base URL of Rekor. */
  rekorUrl?: Input<string>;
  /** API version of Rekor: 1, or 2 (format `bundle` only; keyless signing then requires `tsaUrl`). Default: 1. */
  rekorVersion?: Input<number>;
  /** URL of an RFC 3161 timestamp authority. Default: none. */
  tsaUrl?: Input<string>;
  /** Path or JSON text of a `trusted_root.json`. Default: the trusted root of the public-good instance, by TUF. */
  trustedRoot?: Input<string>;
  /**
   * Path or JSON text of a `SigningConfig`, which lists all services and how many of them to use. Replaces
   * the URLs above.
   */
  signingConfig?: Input<string>;
  /** Path or JSON text of a `ClientTrustConfig`: a signing config and a trusted root in one file. */
  clientTrustConfig?: Input<string>;
  /**
   * Confirms that metadata of this private repository may become public. Required to write to a public
   * transparency log when the CI system or the token identifies the repository as private. Default: false.
   */
  confirmPublic?: Input<boolean>;
}

/** The source of the image. Each member overrides the detected value. */
export interface SourceArgs {
  /** Full commit id, 40 or 64 hex digits. */
  commit?: Input<string>;
  /** Name of the branch, without `refs/heads/`. */
  branch?: Input<string>;
  /** Name of the tag, without `refs/tags/`. */
  tag?: Input<string>;
  /** Full ref, such as `refs/pull/5/merge`. */
  ref?: Input<string>;
  /** URL of the repository; credentials in it are removed. */
  repository?: Input<string>;
  /** URI of the builder: `runDetails.builder.id` of the provenance. */
  builder?: Input<string>;
  /**
   * Source directory in the checkout, relative to the program's directory. Required for a repository
   * that is inside the program's own repository and not a submodule of it. Default: `build.context`, or
   * the program's directory.
   */
  directory?: Input<string>;
  /** Sign even if the work tree differs from the commit; the image is then marked `dirty`. Default: false. */
  allowDirty?: Input<boolean>;
}

/** SLSA provenance. */
export interface ProvenanceArgs {
  /** Do not attest provenance. Default: false, and true without `build`. */
  disabled?: Input<boolean>;
  /**
   * Form of the statement. Default: `auto`, which is `github-actions` for a keyless signature in GitHub Actions, if
   * the build is of the commit of the workflow, and neither `builderId` nor `parameters` is declared.
   */
  form?: Input<ProvenanceForm>;
  /** URI for `runDetails.builder.id`. Default: `source.builder`, or the detected builder. */
  builderId?: Input<string>;
  /** Additional entries of `externalParameters.parameters`. */
  parameters?: Input<Record<string, Input<string>>>;
}

/** Access to the registry. Default: the docker config with its credential helpers. */
export interface RegistryArgs {
  /** User name for Basic authentication, and for the token service. */
  username?: Input<string>;
  /** Stored encrypted in the state, because a refresh needs it. */
  password?: Input<string>;
  /** Path of a PEM file with the certificate authorities of the registry. */
  caFile?: Input<string>;
  /**
   * Client certificate for the registry (mutual TLS): PEM text, or the path of a PEM file.
   * Requires `clientKey`. Default: that of a `certs.d` folder of docker or podman.
   */
  clientCertificate?: Input<string>;
  /**
   * Private key of `clientCertificate`, not encrypted: PEM text, or the path of a PEM file. Stored encrypted,
   * because a refresh needs it.
   */
  clientKey?: Input<string>;
  /** Allow plain HTTP for a host other than this machine. Default: false. */
  insecure?: Input<boolean>;
}

/**
 * Values of extensions that Fulcio writes into a certificate: claims of the CI job that signed.
 * https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md
 */
export interface ClaimsArgs {
  /** Build Signer URI (1.9): the workflow that signed, which may be a reusable one. */
  buildSignerUri?: Input<string>;
  /** Build Signer Digest (1.10): commit of that workflow. */
  buildSignerDigest?: Input<string>;
  /** Runner Environment (1.11), for example `github-hosted` or `self-hosted`. */
  runnerEnvironment?: Input<string>;
  /** Source Repository URI (1.12), for example `https://github.com/acme/app`. */
  sourceRepository?: Input<string>;
  /** Source Repository Digest (1.13): the commit. */
  sourceDigest?: Input<string>;
  /** Source Repository Ref (1.14), for example `refs/heads/main` or `refs/tags/v1.2.0`. */
  sourceRef?: Input<string>;
  /** Source Repository Identifier (1.15), which stays when the repository is renamed. */
  sourceRepositoryId?: Input<string>;
  /** Source Repository Owner URI (1.16), for example `https://github.com/acme`. */
  sourceRepositoryOwner?: Input<string>;
  /** Source Repository Owner Identifier (1.17). */
  sourceRepositoryOwnerId?: Input<string>;
  /** Build Config URI (1.18): the workflow that started the build. */
  buildConfigUri?: Input<string>;
  /** Build Config Digest (1.19): commit of that workflow. */
  buildConfigDigest?: Input<string>;
  /** Build Trigger (1.20): the event, for example `push` or `workflow_dispatch`. */
  buildTrigger?: Input<string>;
  /** Run Invocation URI (1.21): one run. */
  runInvocationUri?: Input<string>;
  /** Source Repository Visibility At Signing (1.22): `public`, `private` or `internal`. */
  sourceRepositoryVisibility?: Input<string>;
  /** Deployment Environment (1.23), for example `production`. */
  deploymentEnvironment?: Input<string>;
  /** GitHub Workflow Trigger (1.2), deprecated by Fulcio, as `cosign verify --certificate-github-workflow-trigger`. */
  githubWorkflowTrigger?: Input<string>;
  /** GitHub Workflow SHA (1.3), deprecated by Fulcio. */
  githubWorkflowSha?: Input<string>;
  /** GitHub Workflow Name (1.4), deprecated by Fulcio. */
  githubWorkflowName?: Input<string>;
  /** GitHub Workflow Repository (1.5), deprecated by Fulcio, for example `acme/app`. */
  githubWorkflowRepository?: Input<string>;
  /** GitHub Workflow Ref (1.6), deprecated by Fulcio. */
  githubWorkflowRef?: Input<string>;
}

/**
 * A keyless signer to trust: the subject and the OIDC issuer of its certificate, each exactly or by a pattern, and
 * claims that the certificate must have. A pattern is a regular expression (RE2) that the whole text must match.
 */
export interface IdentityArgs {
  /** Subject alternative name of the certificate: a URI or an e-mail address. This or `identityPattern` is required. */
  identity?: Input<string>;
  /** Pattern for the subject alternative name, for example `https://github[.]com/acme/app/[.]github/workflows/release[.]yml@refs/tags/v.+`. */
  identityPattern?: Input<string>;
  /** OIDC issuer in the certificate. This or `issuerPattern` is required. */
  issuer?: Input<string>;
  /** Pattern for the OIDC issuer. */
  issuerPattern?: Input<string>;
  /** Values that the extensions of the certificate must have, exactly. */
  claims?: Input<ClaimsArgs>;
  /** Patterns for the values of the extensions of the certificate, for example `refs/tags/v.+` for `sourceRef`. */
  claimPatterns?: Input<ClaimsArgs>;
}

/** Something that must be signed for an image: a signature, or an attestation of one type. */
export interface RequirementArgs {
  /** The role, for reports and errors. Unique. Default: the predicate type as given, or `signature`. */
  name?: Input<string>;
  /**
   * Type of the required attestation: a short name of cosign (`slsaprovenance1`, `spdxjson`, `cyclonedx`, `vuln`,
   * `openvex`, ...) or a URI. Default: a signature of the image.
   */
  predicateType?: Input<string>;
  /** Public keys that are accepted. Default: the signers of the resource. */
  keys?: Input<Input<string>[]>;
  /** Public keys that are accepted for a time window. */
  trustedKeys?: Input<Input<TrustedKeyArgs>[]>;
  /** Keyless signers that are accepted. */
  identities?: Input<Input<IdentityArgs>[]>;
  /** Annotations of the subject that must be signed. */
  annotations?: Input<Record<string, Input<string>>>;
  /** Expression in CEL that must be true. It may use `statement`, `predicate`, `annotations`, `signer` and `now`. */
  condition?: Input<string>;
  /**
   * Maximum age in days, hours, minutes and seconds, for example `30d` or `1h30m`: since the signing time that a log
   * entry or a timestamp proves, or since the time that the predicate states, whichever is longer ago. Default: any.
   */
  maxAge?: Input<string>;
  /** How many different keys and identities must have signed. Default: 1. */
  count?: Input<number>;
  /** Required transparency. Default: that of the resource; else `log` if an identity is trusted, otherwise `none`. */
  transparency?: Input<RequiredTransparency>;
}

/** A key to trust for signatures made within a time window. */
export interface TrustedKeyArgs {
  /** Public key: PEM text, a path, `env://NAME`, or a reference as in `key.ref`. */
  key: Input<string>;
  /** RFC 3339. Signatures made earlier are not accepted. Default: no start. */
  notBefore?: Input<string>;
  /**
   * RFC 3339. Signatures made later are not accepted. After this time, a signature without a log entry or
   * a timestamp that proves its time is not accepted either. Default: no end.
   */
  notAfter?: Input<string>;
  /** No signature of this key is accepted, whenever it was made. Default: false. */
  retired?: Input<boolean>;
}

/** Additional trusted signers and requirements of the verification. */
export interface VerifyArgs {
  /** Additional public keys to trust: PEM text, a path or `env://NAME`. */
  keys?: Input<Input<string>[]>;
  /** Additional public keys with a time window; a window also applies to the signing key and to `keys`. */
  trustedKeys?: Input<Input<TrustedKeyArgs>[]>;
  /** Additional identities to trust. */
  identities?: Input<Input<IdentityArgs>[]>;
  /** Additional annotations that must be signed. */
  annotations?: Input<Record<string, Input<string>>>;
  /** Verify against the registry on every update, not only when something changed. Default: false. */
  always?: Input<boolean>;
  /** Whether the output `proof` has what verifies the image without a network. Default: false. */
  exportProof?: Input<boolean>;
}

/** The arguments of a signed image. */
export interface SignedImageArgs {
  /**
   * Where to push, `host/repo[:tag]`. Without `build`, the existing image to sign; a tag is then
   * resolved once, and its digest is used from then on.
   */
  image: Input<string>;
  /** Build and push the image first. */
  build?: BuildArgs;
  /** Sign with a key. Exactly one of `key` and `keyless` is required. */
  key?: KeyArgs;
  /** Sign with an identity. Exactly one of `key` and `keyless` is required. */
  keyless?: KeylessArgs;
  /** The Sigstore instance. */
  sigstore?: SigstoreArgs;
  /**
   * `public`, `private` (requires `sigstore.rekorUrl`) or `none`. Default: `public` for an identity;
   * for a key, `private` if `sigstore.rekorUrl` is set, otherwise `none`.
   */
  transparency?: Input<Transparency>;
  /** Signed annotations, in addition to the detected `commit`, `branch`, `repo` and `builder`. */
  annotations?: Input<Record<string, Input<string>>>;
  /** Overrides of the detected source. */
  source?: SourceArgs;
  /** SLSA provenance. */
  provenance?: ProvenanceArgs;
  /** `bundle` (cosign 3), `legacy` (`.sig` and `.att` tags) or `both`. Default: `bundle`. */
  format?: Input<SignatureFormat>;
  /**
   * The image reference that the signature claims in the formats `legacy` and `both`, as with `cosign sign
   * --sign-container-identity`. With a tag (`host/repo:tag`), the default policy of podman, skopeo and CRI-O accepts the
   * image. Default: `host/repo` of the image, which that policy refuses.
   */
  signedIdentity?: Input<string>;
  /** Access to the registry. */
  registry?: RegistryArgs;
  /** Additional trusted signers and requirements of the verification. */
  verify?: VerifyArgs;
  /**
   * What to remove from the registry when this resource is deleted or replaced: `keep` (nothing),
   * `signatures` (only those that this resource wrote), or `all` (also the images that this resource
   * built and pushed, unless another tag, resource or signature refers to them). Default: `keep`.
   */
  deletion?: Input<Deletion>;
  /**
   * Paths of inputs that may become public although they are marked as secret, for example
   * `annotations.team`. Other secret values that would become public are rejected.
   */
  nonsecret?: Input<Input<string>[]>;
}
