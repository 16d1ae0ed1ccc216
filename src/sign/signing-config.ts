import type { Problem } from '../error';
import { IDENTITY_PROVIDERS, type KeylessConfig } from './identity';
import type { KeyConfig } from './key';
import { normalizeServiceUrl, serviceUrlFault } from './service-url';
import { PUBLIC_FULCIO_URL, PUBLIC_REKOR_URL } from './sigstore/public-instance';

/**
 * Where a signature is made public. `public`: in the public log, or the one of `sigstore.rekorUrl`.
 * `private`: in the log of `sigstore.rekorUrl`, never in the public one. `none`: in no log.
 */
export const TRANSPARENCY_MODES = ['public', 'private', 'none'] as const;
export type TransparencyMode = (typeof TRANSPARENCY_MODES)[number];

export interface SigstoreConfig {
  /** Default: the public instance. */
  readonly fulcioUrl?: string | undefined;
  /** Default: the public instance, where a log is used. */
  readonly rekorUrl?: string | undefined;
  /** Major version of the log's API. Default: 1, the only one yet. */
  readonly rekorVersion?: number | undefined;
  /** An RFC 3161 timestamp authority. Default: none. */
  readonly tsaUrl?: string | undefined;
  /** Path or JSON text. Default: the public instance's. */
  readonly trustedRoot?: string | undefined;
}

/** All that was declared about signing. */
export interface SigningConfig {
  readonly key?: KeyConfig | undefined;
  readonly keyless?: KeylessConfig | undefined;
  readonly sigstore?: SigstoreConfig | undefined;
  /** Default: `public` for keyless; for a key `none`, or the log that `sigstore.rekorUrl` names. */
  readonly transparency?: TransparencyMode | undefined;
}

/** Paths of properties whose values are not known yet (preview); nothing is said about them. */
export type UnknownProperties = ReadonlySet<string>;

/** The services that a signing run asks. */
export interface SigningServices {
  readonly fulcioUrl: string;
  readonly rekorUrl: string | undefined;
  readonly tsaUrl: string | undefined;
  readonly transparency: TransparencyMode;
}

function isPublicRekor(url: string): boolean {
  return normalizeServiceUrl(url).toLowerCase() === PUBLIC_REKOR_URL;
}

function defaultTransparency({ key, sigstore }: SigningConfig): TransparencyMode {
  if (sigstore?.rekorUrl !== undefined)
    return isPublicRekor(sigstore.rekorUrl) ? 'public' : 'private';
  return key === undefined ? 'public' : 'none';
}

/** Fills in the defaults. An explicit `none` wins over a `rekorUrl` that is there for other images. */
export function signingServices(config: SigningConfig): SigningServices {
  const transparency = config.transparency ?? defaultTransparency(config);
  const {
    fulcioUrl = PUBLIC_FULCIO_URL,
    rekorUrl = PUBLIC_REKOR_URL,
    tsaUrl,
  } = config.sigstore ?? {};
  return {
    fulcioUrl,
    rekorUrl: transparency === 'none' ? undefined : rekorUrl,
    tsaUrl,
    transparency,
  };
}

type Report = (property: string, message: string) => void;
type IsUnknown = (...paths: readonly string[]) => boolean;

function checkSigner({ key, keyless }: SigningConfig, isUnknown: IsUnknown, report: Report): void {
  if (isUnknown('key', 'keyless')) return;
  if (key === undefined && keyless === undefined) {
    report('key', 'no signer is given: set exactly one of key and keyless');
  }
  if (key !== undefined && keyless !== undefined) {
    report('keyless', 'two signers are given: set exactly one of key and keyless');
  }
}

const SERVICES = [
  { name: 'fulcioUrl', carriesSecret: true },
  { name: 'rekorUrl', carriesSecret: false },
  { name: 'tsaUrl', carriesSecret: false },
] as const;

function checkServices(
  { sigstore = {} }: SigningConfig,
  isUnknown: IsUnknown,
  report: Report,
): void {
  for (const { name, carriesSecret } of SERVICES) {
    const url = sigstore[name];
    const fault = url === undefined ? undefined : serviceUrlFault(url, { carriesSecret });
    if (fault !== undefined && !isUnknown(`sigstore.${name}`)) report(`sigstore.${name}`, fault);
  }
  const { rekorVersion = 1 } = sigstore;
  if (rekorVersion === 1 || isUnknown('sigstore.rekorVersion')) return;
  report(
    'sigstore.rekorVersion',
    rekorVersion === 2 ? '2 is not supported yet; use 1' : 'must be 1',
  );
}

function checkPrivateLog(rekorUrl: string | undefined, report: Report): void {
  if (rekorUrl === undefined) {
    report('transparency', '"private" needs a log of your own: set sigstore.rekorUrl');
  } else if (isPublicRekor(rekorUrl)) {
    report(
      'transparency',
      '"private" contradicts sigstore.rekorUrl, which is the public log; use "public"',
    );
  }
}

function checkTransparency(config: SigningConfig, isUnknown: IsUnknown, report: Report): void {
  const { transparency, keyless, sigstore = {} } = config;
  if (transparency === undefined || isUnknown('transparency')) return;
  if (!TRANSPARENCY_MODES.includes(transparency)) {
    report('transparency', `must be one of ${TRANSPARENCY_MODES.join(', ')}`);
  }
  if (transparency === 'private' && !isUnknown('sigstore.rekorUrl')) {
    checkPrivateLog(sigstore.rekorUrl, report);
  }
  const isUnwitnessed =
    transparency === 'none' && sigstore.tsaUrl === undefined && !isUnknown('sigstore.tsaUrl');
  if (isUnwitnessed && keyless !== undefined) {
    report(
      'transparency',
      'a keyless signature without log and timestamp cannot be verified once its certificate has expired ' +
        '(ten minutes); set sigstore.tsaUrl or use a log',
    );
  }
}

/** A token where its place is asked for: it must not be repeated, and will be stored if let through. */
const LOOKS_LIKE_TOKEN = /^\s*eyJ[\w-]+\./;
const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

function checkTokenPlaces(
  { tokenFile, tokenEnv }: KeylessConfig,
  isUnknown: IsUnknown,
  report: Report,
): void {
  if (tokenFile !== undefined && !isUnknown('keyless.tokenFile')) {
    if (LOOKS_LIKE_TOKEN.test(tokenFile)) {
      report(
        'keyless.tokenFile',
        'must be the path of a file with the token, not the token itself',
      );
    } else if (tokenFile.trim() === '') {
      report('keyless.tokenFile', 'is empty');
    }
  }
  if (tokenEnv !== undefined && !isUnknown('keyless.tokenEnv') && !ENV_NAME.test(tokenEnv)) {
    report('keyless.tokenEnv', 'must be the name of an environment variable');
  }
}

function checkKeyless({ keyless }: SigningConfig, isUnknown: IsUnknown, report: Report): void {
  if (keyless === undefined || isUnknown('keyless')) return;
  checkTokenPlaces(keyless, isUnknown, report);
  const { provider = 'auto', tokenFile, tokenEnv, clientId } = keyless;
  if (clientId?.trim() === '') report('keyless.clientId', 'is empty; leave it out for "sigstore"');
  if (isUnknown('keyless.provider')) return;
  if (!IDENTITY_PROVIDERS.includes(provider)) {
    report('keyless.provider', `must be one of ${IDENTITY_PROVIDERS.join(', ')}`);
  }
  if (tokenFile !== undefined && tokenEnv !== undefined) {
    report('keyless.tokenEnv', 'contradicts keyless.tokenFile: set one of them');
  } else if (tokenFile !== undefined && provider !== 'auto' && provider !== 'file') {
    report('keyless.tokenFile', `is not used by the provider "${provider}"; leave one of them out`);
  } else if (tokenEnv !== undefined && provider !== 'auto' && provider !== 'env') {
    report('keyless.tokenEnv', `is not used by the provider "${provider}"; leave one of them out`);
  }
}

/** Whether a property, or what it is a member of, is unknown. */
export function unknownIn(unknown: UnknownProperties): IsUnknown {
  const covers = (path: string): boolean => {
    const parts = path.split('.');
    return parts.some((_, index) => unknown.has(parts.slice(0, index + 1).join('.')));
  };
  return (...paths) => paths.some(covers);
}

/** Everything that is wrong with the declaration by itself, without looking anywhere. */
export function signingConfigProblems(
  config: SigningConfig,
  unknown: UnknownProperties = new Set(),
): Problem[] {
  const problems: Problem[] = [];
  const report: Report = (property, message) => {
    problems.push({ property, code: 'INPUT_INVALID', message });
  };
  const isUnknown = unknownIn(unknown);
  checkSigner(config, isUnknown, report);
  checkServices(config, isUnknown, report);
  checkTransparency(config, isUnknown, report);
  checkKeyless(config, isUnknown, report);
  return problems;
}
