import type { PluginEnvironment } from '../environment';
import type { InputReader } from './input-reader';
import { UNKNOWN, type Value } from '../protocol/wire-value';
import {
  IDENTITY_PROVIDERS,
  INTERACTIVE_PROVIDERS,
  type KeylessConfig,
  type SignatureFormat,
  type SigningInputs,
  type SigningHost,
  type SigningServices,
  type SigstoreConfig,
  TRANSPARENCY_MODES,
  expectedIdentity,
  loadKeySigner,
  loadSigningServices,
} from '../../../sign';
import type { Transparency } from '../../../verify';

const FORMATS: readonly SignatureFormat[] = ['bundle', 'legacy', 'both'];

/** Who signs, who witnesses it, and how it is stored, as declared. */
export interface DeclaredSigning {
  readonly config: SigningInputs;
  readonly format: SignatureFormat;
}

export function readSigning(inputs: InputReader): DeclaredSigning {
  const keyless = inputs.at('keyless');
  const format = inputs.at('format').word(FORMATS) ?? 'bundle';
  const sigstore = readSigstore(inputs.at('sigstore'));
  if (sigstore.rekorVersion === 2 && format !== 'bundle') {
    inputs
      .at('format')
      .problem('must be "bundle" with a Rekor v2: the legacy format cannot hold its entries');
  }
  return {
    config: {
      key: readKey(inputs.at('key')),
      keyless: keyless.given ? readKeyless(keyless) : undefined,
      sigstore,
      transparency: inputs.at('transparency').word(TRANSPARENCY_MODES),
    },
    format,
  };
}

export function readSigstore(sigstore: InputReader): SigstoreConfig {
  return {
    fulcioUrl: sigstore.at('fulcioUrl').string(),
    rekorUrl: sigstore.at('rekorUrl').string(),
    rekorVersion: sigstore.at('rekorVersion').number(),
    tsaUrl: sigstore.at('tsaUrl').string(),
    trustedRoot: sigstore.at('trustedRoot').string(),
    signingConfig: sigstore.at('signingConfig').string(),
    clientTrustConfig: sigstore.at('clientTrustConfig').string(),
    confirmPublic: sigstore.at('confirmPublic').boolean(),
  };
}

function readKey(key: InputReader): SigningInputs['key'] {
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
    issuer: keyless.at('issuer').string(),
    interactive: keyless.at('interactive').word(INTERACTIVE_PROVIDERS),
  };
}

/** Declared, together with the services that it comes to at this time. */
export interface ServedSigning extends DeclaredSigning {
  readonly services: SigningServices;
}

export async function servedSigning(
  declared: DeclaredSigning,
  host: SigningHost,
): Promise<ServedSigning> {
  return { ...declared, services: await loadSigningServices(declared.config, host) };
}

/** What signatures that these services witness carry. */
export function transparencyOf({ logs, authorities }: SigningServices): Transparency {
  if (logs.length > 0) return 'log';
  return authorities.length > 0 ? 'timestamp' : 'none';
}

/**
 * Who will sign, as far as it is known before anything is signed: the public half of a key (the
 * same wherever the key lies, so a key that only moved makes no new signature); of an identity what a
 * stored token says of it, without the branch, so that another account or workflow is a change and
 * another run is none; else only that it is one.
 */
export async function declaredSigner(
  { config }: DeclaredSigning,
  { host }: PluginEnvironment,
): Promise<Value> {
  if (config.keyless) {
    const expected = await expectedIdentity(config.keyless, host);
    return { kind: 'keyless', ...expected };
  }
  if (!config.key?.ref) return UNKNOWN;
  try {
    const { publicKey } = await loadKeySigner(config.key, host);
    return { kind: 'key', keyId: publicKey.keyId, publicKey: publicKey.pem };
  } catch {
    // It is among the problems already, or waits for a password that is not known yet.
    return UNKNOWN;
  }
}
