import type { KeylessConfig } from '../identity';
import type { KeyConfig } from '../key';
import { isPublicService } from '../http/service-url';
import { PUBLIC_FULCIO_URL, PUBLIC_REKOR_URL } from '../trust/public-trusted-root';
import type { LogService, TimestampService } from '../sigstore/transparency';

/**
 * Where a signature is logged. `public`: in the public log, or in `sigstore.rekorUrl`. `private`: in
 * the log of `sigstore.rekorUrl`, never in the public one. `none`: not logged.
 */
export const TRANSPARENCY_MODES = ['public', 'private', 'none'] as const;
export type TransparencyMode = (typeof TRANSPARENCY_MODES)[number];

export interface SigstoreConfig {
  /** Default: the public instance. */
  readonly fulcioUrl?: string | undefined;
  /** Default: the public instance, if a log is used. */
  readonly rekorUrl?: string | undefined;
  /** Major version of the log's API: 1 or 2. Default: 1. */
  readonly rekorVersion?: number | undefined;
  /** An RFC 3161 timestamp authority. Default: none. */
  readonly tsaUrl?: string | undefined;
  /** Path or JSON text. Default: the public instance's. */
  readonly trustedRoot?: string | undefined;
  /** A `SigningConfig`: path or JSON text. It lists all services, instead of the addresses above. */
  readonly signingConfig?: string | undefined;
  /** A `ClientTrustConfig`: path or JSON text. It contains a signing config and a trusted root. */
  readonly clientTrustConfig?: string | undefined;
  /** Whether signing may publish data about a private repository. Default: false. */
  readonly confirmPublic?: boolean | undefined;
}

/** The inputs for signing. */
export interface SigningInputs {
  readonly key?: KeyConfig | undefined;
  readonly keyless?: KeylessConfig | undefined;
  readonly sigstore?: SigstoreConfig | undefined;
  /** Default: `public` for keyless; for a key `none`, or the log of `sigstore.rekorUrl`. */
  readonly transparency?: TransparencyMode | undefined;
}

/** Paths of properties whose values are not known yet (preview); they are not checked. */
export type UnknownProperties = ReadonlySet<string>;

/** The services that a signing run uses. */
export interface SigningServices {
  /** For keyless; not used with a key. */
  readonly fulcioUrl: string | undefined;
  /** The input property that it comes from. Default: `sigstore.fulcioUrl`. */
  readonly fulcioProperty?: string;
  readonly logs: readonly LogService[];
  readonly authorities: readonly TimestampService[];
  readonly transparency: TransparencyMode;
}

function defaultTransparency({ key, sigstore }: SigningInputs): TransparencyMode {
  if (sigstore?.rekorUrl !== undefined)
    return isPublicService(sigstore.rekorUrl) ? 'public' : 'private';
  return key === undefined ? 'public' : 'none';
}

/**
 * Returns the services that are configured by their addresses, with the defaults. An explicit `none`
 * takes precedence over a `rekorUrl` that is set for other images.
 */
export function signingServices(config: SigningInputs): SigningServices {
  const transparency = config.transparency ?? defaultTransparency(config);
  const {
    fulcioUrl = PUBLIC_FULCIO_URL,
    rekorUrl = PUBLIC_REKOR_URL,
    rekorVersion,
    tsaUrl,
  } = config.sigstore ?? {};
  const version = rekorVersion === 2 ? 2 : 1;
  return {
    fulcioUrl: config.keyless === undefined ? undefined : fulcioUrl,
    logs: transparency === 'none' ? [] : [{ url: rekorUrl, version }],
    authorities: tsaUrl === undefined ? [] : [{ url: tsaUrl }],
    transparency,
  };
}

/** Reports what is wrong with a property. */
export type Report = (property: string, message: string) => void;
/** Whether one of these properties, or a property that contains it, is unknown. */
export type IsUnknown = (...paths: readonly string[]) => boolean;

/** Creates a predicate for whether a property, or a property that contains it, is unknown. */
export function unknownIn(unknown: UnknownProperties): IsUnknown {
  const covers = (path: string): boolean => {
    const parts = path.split('.');
    return parts.some((_, index) => unknown.has(parts.slice(0, index + 1).join('.')));
  };
  return (...paths) => paths.some(covers);
}
