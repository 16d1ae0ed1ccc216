import type { Input } from '@pulumi/pulumi';

// Rules of the schema analyzer (docs/adr/0003): interfaces only, no unions, no link tags in comments.
// Objects are plain and their members are inputs, so that a component can tell which were given.

/** What to build, and with what. */
export interface BuildArgs {
  /** Folder of the build context, relative to the program's folder. Default: the program's folder. */
  context?: Input<string>;
  /** Path of the Dockerfile, relative to the program's folder. Default: `Dockerfile` in the context. */
  dockerfile?: Input<string>;
  /** Stage to build. Default: the last one. */
  target?: Input<string>;
  /**
   * Build arguments. They end up in the history of the image: a secret value is refused unless
   * `nonsecret` names it, and is then left out of logs and the provenance. Use `secrets` for secrets.
   */
  args?: Input<Record<string, Input<string>>>;
  /** Build secrets by id (`RUN --mount=type=secret,id=...`). Their values never reach the state. */
  secrets?: Input<Record<string, Input<string>>>;
  /** Platforms, `os/arch[/variant]`; several give an image index. Default: the builder's own. */
  platforms?: Input<Input<string>[]>;
  /** Labels of the image. They change its digest: keep the commit out of them. */
  labels?: Input<Record<string, Input<string>>>;
  /** Cache sources, in the builder's own notation, without credentials. */
  cacheFrom?: Input<Input<string>[]>;
  /** Cache destinations, in the builder's own notation, without credentials. */
  cacheTo?: Input<Input<string>[]>;
  /**
   * `auto` (the first of `buildx`, `docker`, `podman`, `buildah` that works), one of these, or
   * `pulumi-docker` or `pulumi-docker-build` (a child resource of that provider). Default: `auto`.
   */
  builder?: string;
  /** Name of a buildx builder (local, remote or Kubernetes). Only with `buildx` and `pulumi-docker-build`. */
  buildxBuilder?: Input<string>;
  /**
   * Names of further environment variables that the builder's process receives. Default: only those
   * that builders themselves read (docs/builders.md).
   */
  environment?: Input<Input<string>[]>;
}

/** The private key to sign with. */
export interface KeyArgs {
  /** Path of a PEM file, PEM text, or `env://NAME`. Kept out of the state. */
  ref: Input<string>;
  /** Password of an encrypted key. Default: the environment variable `COSIGN_PASSWORD`. Kept out of the state. */
  password?: Input<string>;
}

/** The identity to sign with. The token itself is never an input, because inputs are stored. */
export interface KeylessArgs {
  /**
   * `github-actions`, `gitlab-ci`, `buildkite`, `circleci`, `env`, `kubernetes`, `file`,
   * `google-impersonation`, `google`, `spiffe`, or `auto`: the first of these that has a token. `browser`
   * and `device` ask a person to sign in, in updates only. Default: `auto`.
   */
  provider?: Input<string>;
  /** Path of a file that holds the OIDC token. Only with `auto`, `file` and `kubernetes`. */
  tokenFile?: Input<string>;
  /** Name of the environment variable that holds the OIDC token. Only with `auto`, `env` and `gitlab-ci`. */
  tokenEnv?: Input<string>;
  /** Audience that the token must have, and the client that people sign in to. Default: `sigstore`. */
  clientId?: Input<string>;
  /**
   * Issuer that the token must have, and where people sign in. Default: any that Fulcio takes, and
   * `https://oauth2.sigstore.dev/auth`.
   */
  issuer?: Input<string>;
  /** `browser` or `device`: how to ask a person where `auto` finds nothing outside of CI. Default: nobody is asked. */
  interactive?: Input<string>;
}

/** The Sigstore instance. Default: the public one. */
export interface SigstoreArgs {
  /** Base URL of Fulcio. */
  fulcioUrl?: Input<string>;
  /** Base URL of Rekor. */
  rekorUrl?: Input<string>;
  /** API version of Rekor: 1, or 2 (format `bundle` only; an identity then needs `tsaUrl`). Default: 1. */
  rekorVersion?: Input<number>;
  /** URL of an RFC 3161 timestamp authority; none where absent. */
  tsaUrl?: Input<string>;
  /** Path or JSON text of a `trusted_root.json`. Default: the public instance's, by TUF. */
  trustedRoot?: Input<string>;
  /**
   * Path or JSON text of a `SigningConfig`, which names all services and how many of them to ask.
   * Instead of the addresses above.
   */
  signingConfig?: Input<string>;
  /** Path or JSON text of a `ClientTrustConfig`: a signing config and a trusted root in one file. */
  clientTrustConfig?: Input<string>;
  /**
   * Yes, traces of this private repository may be public. Needed to write to a public log where the
   * CI system or the token says that the repository is private. Default: false.
   */
  confirmPublic?: Input<boolean>;
}

/** Where the source comes from. Each member overrides what was detected. */
export interface SourceArgs {
  /** Full id of the commit, 40 or 64 hex digits. */
  commit?: Input<string>;
  /** Name of the branch, without `refs/heads/`. */
  branch?: Input<string>;
  /** Name of the tag, without `refs/tags/`. */
  tag?: Input<string>;
  /** Full ref, such as `refs/pull/5/merge`. */
  ref?: Input<string>;
  /** URL of the repository; credentials in it are removed. */
  repository?: Input<string>;
  /** URI of what builds: `runDetails.builder.id` of the provenance. */
  builder?: Input<string>;
  /**
   * Folder in the checkout that is the source, relative to the program's folder. Needed for a repository
   * that is inside of the program's own one and not a submodule of it. Default: `build.context`, or the
   * program's folder.
   */
  directory?: Input<string>;
  /** Sign although the work tree differs from the commit; the image is then marked `dirty`. Default: false. */
  allowDirty?: Input<boolean>;
}

/** SLSA provenance. */
export interface ProvenanceArgs {
  /** Make none. Default: false, and true without `build`. */
  disabled?: Input<boolean>;
  /** URI for `runDetails.builder.id`. Default: `source.builder`, or what was detected. */
  builderId?: Input<string>;
  /** Further pairs for `externalParameters.parameters`. */
  parameters?: Input<Record<string, Input<string>>>;
}

/** Access to the registry. Default: the docker config with its credential helpers. */
export interface RegistryArgs {
  username?: Input<string>;
  /** Stored encrypted, because a refresh needs it. */
  password?: Input<string>;
  /** Path of a PEM file with the CA of the registry. */
  caFile?: Input<string>;
  /**
   * Certificate by which the registry recognizes this client (mutual TLS): PEM text, or the path of a PEM file.
   * Needs `clientKey`. Default: that of a `certs.d` folder of docker or podman.
   */
  clientCertificate?: Input<string>;
  /**
   * Private key of `clientCertificate`, not encrypted: PEM text, or the path of a PEM file. Stored encrypted,
   * because a refresh needs it.
   */
  clientKey?: Input<string>;
  /** Allow plain http for a host that is not this machine. Default: false. */
  insecure?: Input<boolean>;
}

/** A keyless signer to trust: both must match exactly. */
export interface IdentityArgs {
  /** Subject alternative name of the certificate: a URI or an e-mail address. */
  identity: Input<string>;
  /** OIDC issuer in the certificate. */
  issuer: Input<string>;
}

/** A key to trust for the signatures of a certain time. */
export interface TrustedKeyArgs {
  /** Public key: PEM text, a path, `env://NAME`, or a reference as in `key.ref`. */
  key: Input<string>;
  /** RFC 3339. Signatures from before do not count. Default: no beginning. */
  notBefore?: Input<string>;
  /**
   * RFC 3339. Signatures from after do not count, and neither does, from then on, one of which no log
   * and no timestamp says when it was made. Default: no end.
   */
  notAfter?: Input<string>;
  /** Nothing that it signed counts any more, whenever that was. Default: false. */
  retired?: Input<boolean>;
}

/** What else the verification takes or asks for. */
export interface VerifyArgs {
  /** Further public keys to trust: PEM text, a path or `env://NAME`. */
  keys?: Input<Input<string>[]>;
  /** Further public keys to trust for a time; a window also counts for the key that signs, and for `keys`. */
  trustedKeys?: Input<Input<TrustedKeyArgs>[]>;
  /** Further identities to trust. */
  identities?: Input<Input<IdentityArgs>[]>;
  /** Further annotations that must be signed. */
  annotations?: Input<Record<string, Input<string>>>;
  /** Look at the registry on every update, not only when something changed. Default: false. */
  always?: Input<boolean>;
}

/** The arguments of a signed image. */
export interface SignedImageArgs {
  /**
   * Where to push, `host/repo[:tag]`. Without `build`, the existing image to sign; a tag is then
   * resolved once, and its digest is used from there on.
   */
  image: Input<string>;
  /** Build and push the image first. */
  build?: BuildArgs;
  /** Sign with a key. Exactly one of `key` and `keyless`. */
  key?: KeyArgs;
  /** Sign with an identity. Exactly one of `key` and `keyless`. */
  keyless?: KeylessArgs;
  /** The Sigstore instance. */
  sigstore?: SigstoreArgs;
  /**
   * `public`, `private` (needs `sigstore.rekorUrl`) or `none`. Default: `public` for an identity;
   * for a key `private` if `sigstore.rekorUrl` is given, and else `none`.
   */
  transparency?: Input<string>;
  /** Signed pairs, beside the detected `commit`, `branch`, `repo` and `builder`. */
  annotations?: Input<Record<string, Input<string>>>;
  /** Overrides of the detected facts. */
  source?: SourceArgs;
  /** SLSA provenance. */
  provenance?: ProvenanceArgs;
  /** `bundle` (cosign 3), `legacy` (`.sig` and `.att` tags) or `both`. Default: `bundle`. */
  format?: Input<string>;
  /** Access to the registry. */
  registry?: RegistryArgs;
  /** What else the verification takes or asks for. */
  verify?: VerifyArgs;
  /**
   * What is removed from the registry when this is deleted or replaced: `keep` (nothing), `signatures`
   * (those that were written here, and no others), or `all` (the image too that was built and
   * pushed here, unless others name or signed it). Default: `keep`.
   */
  deletion?: Input<string>;
  /**
   * Paths of inputs that may be public although they are marked as secret, for example
   * `annotations.team`. Other marked values that would be published are refused.
   */
  nonsecret?: Input<Input<string>[]>;
}
