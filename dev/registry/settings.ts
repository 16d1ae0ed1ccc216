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
  /** Whether tokens for pull are issued without credentials. */
  readonly anonymousPull?: boolean;
  /** OAuth2 refresh token ("identity token") to the name of its user. */
  readonly refreshTokens?: Readonly<Record<string, string>>;
  /** Issues opaque tokens. Default off: tokens have the format of a JWT. */
  readonly opaqueTokens?: boolean;
  /** The realm in challenges; default: `/token` of the registry itself. */
  readonly realm?: string;
  /**
   * The scope in the challenge at `/v2/`: a placeholder, as on ghcr.io. Token requests for it are
   * refused. Default: the challenge does not have a scope.
   */
  readonly placeholderScope?: string;
  /** Default 300. 0: every token is expired when it arrives. */
  readonly tokenSeconds?: number;
}

/** The settings; each may be changed while the registry runs. */
export interface RegistrySettings {
  /** Off: 404 on the referrers API and no `OCI-Subject` header, as on registry:2. Default on. */
  referrersApi: boolean;
  /** Returns `OCI-Subject` even with the API off, as ECR did. Default off. */
  claimsSubject: boolean;
  /** Referrers per page; further pages by a `Link` header. Default all. */
  referrersPageSize: number;
  /**
   * An existing tag cannot be moved to another manifest. The error is that of Amazon ECR (`true`,
   * `ecr`), that of Harbor, or one without the reason (`silent`). Default off.
   */
  immutableTags: boolean | 'ecr' | 'harbor' | 'silent';
  auth: AuthSettings;
  /** Number of reads of a new manifest that do not return it yet. Default 0. */
  lateVisibility: number;
  /** Default off. */
  deleteDisabled: boolean;
  /** `ETag` on manifests and `If-Match` / `If-None-Match` on their PUT. Default on. */
  etags: boolean;
  /** Off: preconditions are ignored, and ETags are returned all the same, as on registry:2. Default on. */
  conditions: boolean;
  /** Blob GETs return a 307 to another origin, which refuses credentials. Default off. */
  blobRedirect: boolean;
  /**
   * Whether a blob can be pushed in one `POST ?digest=`. Off: it begins an upload and its bytes are ignored, as in
   * registry:2; `refused`: 405. Default on.
   */
  singlePost: boolean | 'refused';
  /** Upload locations are on another origin, which refuses credentials. Default off. */
  uploadElsewhere: boolean;
  /** Upload locations are absolute URLs. Default off (relative ones). */
  absoluteLocations: boolean;
  /** Called first for each request; its result replaces the response. */
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
