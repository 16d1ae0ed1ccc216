import { InvalidInputError, type Problem } from '../error';
import { problemsOf } from '../problem-collection';
import type { SigningHost } from './host';
import { type KeylessConfig, resolveIdentityProvider } from './identity';
import { type KeyConfig, checkKeyWithoutPassword, loadKeySigner } from './key';
import type { SigningMaterial } from './material';
import {
  type SigningConfig,
  type UnknownProperties,
  signingConfigProblems,
  signingServices,
  unknownIn,
} from './signing-config';
import {
  type ServiceCallOptions,
  createKeylessSigner,
  createWitnesses,
  loadTrustedRoot,
} from './sigstore';

export interface SigningMaterialOptions {
  /** How long and how often services are asked. */
  readonly call?: ServiceCallOptions;
}

type Who = Pick<SigningMaterial, 'signer' | 'description'>;

async function keyMaterial(key: KeyConfig, host: SigningHost): Promise<Who> {
  const signer = await loadKeySigner(key, host);
  const { keyId, pem } = signer.publicKey;
  return { signer, description: { kind: 'key', keyId, publicKey: pem } };
}

async function keylessMaterial(
  keyless: KeylessConfig,
  fulcioUrl: string,
  host: SigningHost,
  { call }: SigningMaterialOptions,
): Promise<Who> {
  const identityProvider = await resolveIdentityProvider(keyless, host);
  const { identity, issuer } = await identityProvider.getIdentityToken();
  const signer = createKeylessSigner({ fulcioUrl, identityProvider, ...(call && { call }) });
  return {
    signer,
    // What the token says, until there is a certificate: that one is what verifiers will read.
    get description() {
      return { kind: 'keyless' as const, ...(signer.certificateIdentity ?? { identity, issuer }) };
    },
  };
}

/**
 * Gets ready to sign: loads the key or asks for an identity token, and chooses the witnesses.
 * Nothing is written anywhere yet.
 *
 * @throws InvalidInputError with all that is wrong with the declaration itself; else
 *   SignedImageError `KEY_*`, `IDENTITY_*` on the property
 */
export async function createSigningMaterial(
  config: SigningConfig,
  host: SigningHost,
  options: SigningMaterialOptions = {},
): Promise<SigningMaterial> {
  const problems = signingConfigProblems(config);
  if (problems.length > 0) throw new InvalidInputError(problems);
  const { fulcioUrl, rekorUrl, tsaUrl } = signingServices(config);
  const who =
    config.key === undefined
      ? await keylessMaterial(config.keyless ?? {}, fulcioUrl, host, options)
      : await keyMaterial(config.key, host);
  const witnesses = createWitnesses({ rekorUrl, tsaUrl, ...options });
  return {
    signer: who.signer,
    witnesses,
    get description() {
      return who.description;
    },
  };
}

async function checkKey(
  key: KeyConfig,
  isPasswordUnknown: boolean,
  host: SigningHost,
): Promise<void> {
  if (isPasswordUnknown) await checkKeyWithoutPassword(key.ref, host);
  else await loadKeySigner(key, host);
}

/** Reads a token only where that asks nobody: GitHub is asked when there is something to sign. */
async function checkIdentity(keyless: KeylessConfig, host: SigningHost): Promise<void> {
  const provider = await resolveIdentityProvider(keyless, host);
  if (provider.local) await provider.getIdentityToken();
}

/**
 * Everything that is wrong with what was declared, found without writing or asking anybody: shape,
 * key and password, tokens in files and variables, the trusted root if one is given.
 *
 * Tokens and keys that live in CI only are `IDENTITY_UNAVAILABLE` and `KEY_UNREADABLE`: a caller
 * that previews elsewhere may let these pass.
 *
 * @param unknown paths (`key.password`, `keyless`, ...) of values that are not known yet
 */
export async function validateSigningConfig(
  config: SigningConfig,
  host: SigningHost,
  unknown: UnknownProperties = new Set(),
): Promise<Problem[]> {
  const isUnknown = unknownIn(unknown);
  const { key, keyless, sigstore } = config;
  const shape = signingConfigProblems(config, unknown);
  const isShaped = (property: string) =>
    !shape.some((problem) => problem.property.startsWith(property));
  const checks: Promise<readonly Problem[]>[] = [];
  if (key !== undefined && !isUnknown('key.ref')) {
    checks.push(problemsOf('key', () => checkKey(key, isUnknown('key.password'), host)));
  }
  const isKeylessUnknown = ['', '.provider', '.tokenFile', '.tokenEnv', '.clientId'].some(
    (member) => isUnknown(`keyless${member}`),
  );
  if (keyless !== undefined && !isKeylessUnknown && isShaped('keyless')) {
    checks.push(problemsOf('keyless', () => checkIdentity(keyless, host)));
  }
  const root = sigstore?.trustedRoot;
  if (root !== undefined && !isUnknown('sigstore.trustedRoot')) {
    checks.push(problemsOf('sigstore.trustedRoot', () => loadTrustedRoot(root, host)));
  }
  return [...shape, ...(await Promise.all(checks)).flat()];
}
