import type { Transparency, TrustedIdentity } from '../verify';

/** A public key that is trusted for a period, with the members of `VerifiedImage.trustedKeys`. */
export interface TrustedKeyArgs {
  readonly key: string;
  /** RFC 3339. Default: no start. */
  readonly notBefore?: string | undefined;
  /** RFC 3339. Default: no end. */
  readonly notAfter?: string | undefined;
  /** Whether all signatures of the key are rejected. Default: false. */
  readonly retired?: boolean | undefined;
}

/** Whom to trust, with the names of the inputs of `VerifiedImage`. */
export interface TrustArgs {
  /** Public keys to trust: PEM text, a path, or a reference (`k8s://`, `awskms://`, ...). */
  readonly keys?: readonly string[] | undefined;
  /** Public keys with a time window; a window also applies to the same key in `keys`. */
  readonly trustedKeys?: readonly TrustedKeyArgs[] | undefined;
  /** Keyless signers to trust. At least one key, identity or requirement is required. */
  readonly identities?: readonly TrustedIdentity[] | undefined;
  /** Required transparency. Default: `log` if an identity is trusted, otherwise `none`. */
  readonly transparency?: Transparency | undefined;
  readonly sigstore?:
    | {
        /** Path or JSON text. Default: the trusted root of the public-good instance. */
        readonly trustedRoot?: string | undefined;
        readonly clientTrustConfig?: string | undefined;
      }
    | undefined;
}
