import type { Fault, RegistryRequest } from './exchange';

export type AuthSettings =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'basic';
      readonly users: Readonly<Record<string, string>>;
      readonly readOnly?: readonly string[];
    }
  | BearerSettings;

/** https://distribution.github.io/distribution/spec/auth/token/ and .../auth/oauth/ */
export interface BearerSettings {
  readonly kind: 'bearer';
  /** Name to password. */
  readonly users: Readonly<Record<string, string>>;
  /** Names that may pull only. */
  readonly readOnly?: readonly string[];
  /** Whether a token that lets pull is given without credentials. */
  readonly anonymousPull?: boolean;
  /** OAuth2 refresh token ("identity token") to the name of its user. */
  readonly refreshTokens?: Readonly<Record<string, string>>;
  /** Tokens that do not tell what is in them. Default off: they have the form of a JWT. */
  readonly opaqueTokens?: boolean;
  /** The realm told to clients; default: `/token` of the registry itself. */
  readonly realm?: string;
  /**
   * The scope that the challenge at `/v2/` names, as ghcr.io does: a placeholder. Whoever requests a
   * token for it is refused. Default: none is named.
   */
  readonly placeholderScope?: string;
  /** Default 300. 0: every token has ended already when it arrives. */
  readonly tokenSeconds?: number;
}

/** The switches; each may be changed while the registry runs. */
export interface RegistrySettings {
  /** Off: 404 on the referrers API and no `OCI-Subject` header, as registry:2. Default on. */
  referrersApi: boolean;
  /** With the API off, answer `OCI-Subject` all the same, as ECR did. Default off. */
  claimsSubject: boolean;
  /** Referrers given at once; the rest by a `Link` header. Default all. */
  referrersPageSize: number;
  /**
   * A tag that exists cannot be moved to another manifest; told as Amazon ECR does (`true`, `ecr`),
   * as Harbor does, or in no words that tell it. Default off.
   */
  immutableTags: boolean | 'ecr' | 'harbor' | 'silent';
  auth: AuthSettings;
  /** How many reads of a manifest that was just pushed do not see it yet. Default 0. */
  lateVisibility: number;
  /** Default off. */
  deleteDisabled: boolean;
  /** `ETag` on manifests and `If-Match` / `If-None-Match` on their PUT. Default on. */
  etags: boolean;
  /** Off: conditions are heeded nowhere, ETags are told all the same, as registry:2. Default on. */
  conditions: boolean;
  /** Blob GETs are answered by a 307 to another origin, that refuses credentials. Default off. */
  blobRedirect: boolean;
  /**
   * A blob in one `POST ?digest=`. Off: it begins an upload and its bytes are ignored, as in
   * registry:2; `refused`: 405. Default on.
   */
  singlePost: boolean | 'refused';
  /** Upload locations are on another origin, that refuses credentials. Default off. */
  uploadElsewhere: boolean;
  /** Upload locations are absolute URLs. Default off (relative ones). */
  absoluteLocations: boolean;
  /** Asked before anything else; what it returns is the answer. */
  faults:
    ((request: RegistryRequest) => Fault | undefined | Promise<Fault | undefined>) | undefined;
}

export function defaultSettings(): RegistrySettings {
  return {
    referrersApi: true,
    claimsSubject: false,
    referrersPageSize: Number.POSITIVE_INFINITY,
    immutableTags: false,
    auth: { kind: 'none' },
    lateVisibility: 0,
    deleteDisabled: false,
    etags: true,
    conditions: true,
    blobRedirect: false,
    singlePost: true,
    uploadElsewhere: false,
    absoluteLocations: false,
    faults: undefined,
  };
}
