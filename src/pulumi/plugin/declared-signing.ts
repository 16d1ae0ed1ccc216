import {
  IDENTITY_PROVIDERS,
  type KeylessConfig,
  type SignatureFormat,
  type SigningConfig,
  signingServices,
  type SigstoreConfig,
  TRANSPARENCY_MODES,
} from '../../sign';
import type { Transparency } from '../../verify';
import type { InputReader } from './input-reader';

const FORMATS: readonly SignatureFormat[] = ['bundle', 'legacy', 'both'];

/** Who signs, who witnesses it, and how it is stored, as declared. */
export interface DeclaredSigning {
  readonly config: SigningConfig;
  /** The issuer that a keyless token must have. */
  readonly issuer: string | undefined;
  readonly format: SignatureFormat;
}

export function readSigning(inputs: InputReader): DeclaredSigning {
  const keyless = inputs.at('keyless');
  return {
    config: {
      key: readKey(inputs.at('key')),
      keyless: keyless.given ? readKeyless(keyless) : undefined,
      sigstore: readSigstore(inputs.at('sigstore')),
      transparency: inputs.at('transparency').word(TRANSPARENCY_MODES),
    },
    issuer: keyless.at('issuer').string(),
    format: inputs.at('format').word(FORMATS) ?? 'bundle',
  };
}

export function readSigstore(sigstore: InputReader): SigstoreConfig {
  return {
    fulcioUrl: sigstore.at('fulcioUrl').string(),
    rekorUrl: sigstore.at('rekorUrl').string(),
    rekorVersion: sigstore.at('rekorVersion').number(),
    tsaUrl: sigstore.at('tsaUrl').string(),
    trustedRoot: sigstore.at('trustedRoot').string(),
  };
}

function readKey(key: InputReader): SigningConfig['key'] {
  if (!key.given) return undefined;
  const ref = key.at('ref').string();
  const password = key.at('password').string();
  // Without a reference it is still a declared signer; the loading says what is missing.
  return { ref: ref ?? '', ...(password !== undefined && { password }) };
}

function readKeyless(keyless: InputReader): KeylessConfig {
  return {
    provider: keyless.at('provider').word(IDENTITY_PROVIDERS),
    tokenFile: keyless.at('tokenFile').string(),
    tokenEnv: keyless.at('tokenEnv').string(),
    clientId: keyless.at('clientId').string(),
  };
}

/** What signatures made with this configuration carry. */
export function witnessedBy(config: SigningConfig): Transparency {
  const { rekorUrl, tsaUrl } = signingServices(config);
  if (rekorUrl !== undefined) return 'log';
  return tsaUrl === undefined ? 'none' : 'timestamp';
}
