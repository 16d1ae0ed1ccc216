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
  signedIdentityFault,
} from '../../../sign';

export const FORMATS: readonly SignatureFormat[] = ['bundle', 'legacy', 'both'];

/** The declared signer, transparency and storage format. */
export interface DeclaredSigning {
  readonly config: SigningInputs;
  readonly format: SignatureFormat;
  /** The reference that the image claims in the legacy format. */
  readonly signedIdentity: string | undefined;
}

export function readSigning(inputs: InputReader): DeclaredSigning {
  const keyless = inputs.at('keyless');
  const declaredFormat = inputs.at('format').word(FORMATS);
  const format = declaredFormat ?? 'bundle';
  const sigstore = readSigstore(inputs.at('sigstore'));
  if (sigstore.rekorVersion === 2 && format !== 'bundle') {
    inputs
      .at('format')
      .addProblem('must be "bundle" with Rekor v2: the legacy format cannot store its entries');
  }
  return {
    config: {
      key: readKey(inputs.at('key')),
      keyless: keyless.isGiven ? readKeyless(keyless) : undefined,
      sigstore,
      transparency: inputs.at('transparency').word(TRANSPARENCY_MODES),
    },
    format,
    signedIdentity: readSignedIdentity(inputs, declaredFormat),
  };
}

function readSignedIdentity(
  inputs: InputReader,
  format: SignatureFormat | undefined,
): string | undefined {
  const declared = inputs.at('signedIdentity');
  const identity = declared.string();
  if (identity === undefined) return undefined;
  const fault = signedIdentityFault(identity, inputs.at('format').isGiven ? format : 'bundle');
  if (fault) declared.addProblem(fault.message, fault.code);
  return identity;
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
  if (!key.isGiven) return undefined;
  const ref = key.at('ref').string();
  const password = key.at('password').string();
  // Without a reference it is still a declared signer; loading the key reports the missing reference.
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

/** Declared signing with the services that are selected for the current time. */
export interface SigningWithServices extends DeclaredSigning {
  readonly services: SigningServices;
}

export async function withServices(
  declared: DeclaredSigning,
  host: SigningHost,
): Promise<SigningWithServices> {
  return { ...declared, services: await loadSigningServices(declared.config, host) };
}

/**
 * Describes the signer, as far as it is known before signing. For a key: its public key, so that
 * moving the key to another backend does not create new signatures. For an identity: the claims of a
 * stored token without the branch, so that another account or workflow is a change and another run is
 * not; without such a token, only that it is keyless.
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
    // The failure is reported by the validation, or the password is not known yet.
    return UNKNOWN;
  }
}
