import { InvalidInputError, type Problem } from '../error';
import { problemsOf } from '../error/signed-image-error';
import type { SigningHost } from './signing-host';
import { type KeylessConfig, resolveIdentityProvider } from '../identity';
import { type KeyConfig, checkKeyWithoutPassword, loadKeySigner } from '../key';
import type { SigningMaterial } from '../key/signer';
import { checkPublicity } from './publicity';
import {
  type SigningInputs,
  type UnknownProperties,
  type SigningServices,
  unknownIn,
} from './signing-inputs';
import { signingInputProblems } from './signing-inputs-check';
import { loadSigningServices } from './signing-services';
import {
  type ServiceCallOptions,
  createKeylessSigner,
  createWitnesses,
  loadInstanceRoot,
  PUBLIC_FULCIO_URL,
  observedWitness,
} from '../sigstore';

export interface SigningMaterialOptions {
  /** Timeouts and retries of requests to services. */
  readonly call?: ServiceCallOptions;
  /** Receives warnings before signing. Default: none. */
  readonly warn?: (line: string) => void;
}

type SignerMaterial = Pick<SigningMaterial, 'signer' | 'description'>;

async function keyMaterial(key: KeyConfig, host: SigningHost): Promise<SignerMaterial> {
  const signer = await loadKeySigner(key, host);
  const { keyId, pem } = signer.publicKey;
  return { signer, description: { kind: 'key', keyId, publicKey: pem } };
}

async function keylessMaterial(
  config: SigningInputs,
  services: SigningServices,
  host: SigningHost,
  { call, warn }: SigningMaterialOptions,
): Promise<SignerMaterial> {
  const { keyless = {} } = config;
  const { fulcioUrl = PUBLIC_FULCIO_URL, fulcioProperty } = services;
  const identityProvider = await resolveIdentityProvider(keyless, host);
  const signer = createKeylessSigner({
    fulcioUrl,
    identityProvider,
    certificates: host.certificates,
    ...(fulcioProperty !== undefined && { property: fulcioProperty }),
    ...(call && { call }),
  });
  // With a cached certificate no token is requested, and no user is prompted.
  const known = signer.isCertified() ? identityProvider.lastToken?.() : undefined;
  const { identity, issuer, claims } = known ?? (await identityProvider.getIdentityToken());
  await checkPublicity(config, services, host, { claims, warn });
  return {
    signer,
    // The identity of the token until there is a certificate, which is what verifiers read.
    get description() {
      return { kind: 'keyless' as const, ...(signer.certificateIdentity ?? { identity, issuer }) };
    },
  };
}

/**
 * Prepares signing: loads the key or requests an identity token, and selects the transparency logs
 * and timestamp authorities. Nothing is written yet.
 *
 * @throws InvalidInputError with everything that is wrong with the inputs; else
 *   SignedImageError `KEY_*`, `IDENTITY_*` on the property
 */
export async function createSigningMaterial(
  config: SigningInputs,
  host: SigningHost,
  options: SigningMaterialOptions = {},
): Promise<SigningMaterial> {
  const problems = signingInputProblems(config);
  if (problems.length > 0) throw new InvalidInputError(problems);
  const services = await loadSigningServices(config, host);
  const { logs, authorities } = services;
  const { warn } = options;
  if (config.key !== undefined) await checkPublicity(config, services, host, { warn });
  const signerMaterial =
    config.key === undefined
      ? await keylessMaterial(config, services, host, options)
      : await keyMaterial(config.key, host);
  const logIds = () => trustedLogIds(config, host);
  const services_ = createWitnesses({
    logs,
    authorities,
    logIds,
    ...(options.call && { call: options.call }),
  });
  const { certificates } = host;
  const witnesses =
    certificates && config.key === undefined
      ? services_.map((witness) => observedWitness(witness, certificates))
      : services_;
  return {
    signer: signerMaterial.signer,
    witnesses,
    get description() {
      return signerMaterial.description;
    },
  };
}

/** Loads the ids of the trusted logs; used only if a log already has an entry. */
async function trustedLogIds(
  { sigstore }: SigningInputs,
  host: SigningHost,
): Promise<readonly Buffer[]> {
  const { tlogs } = await loadInstanceRoot(sigstore, host);
  return tlogs.flatMap(({ logId }) => (logId ? [Buffer.from(logId.keyId)] : []));
}

async function checkKey(
  key: KeyConfig,
  isPasswordUnknown: boolean,
  host: SigningHost,
): Promise<void> {
  if (isPasswordUnknown) await checkKeyWithoutPassword(key.ref, host);
  else await loadKeySigner(key, host);
}

/** Reads a token only if that sends no request: GitHub's is requested when there is something to sign. */
async function checkIdentity(keyless: KeylessConfig, host: SigningHost): Promise<void> {
  const provider = await resolveIdentityProvider(keyless, host);
  if (provider.local) await provider.getIdentityToken();
}

const INSTANCE = [
  'signingConfig',
  'clientTrustConfig',
  'fulcioUrl',
  'rekorUrl',
  'rekorVersion',
  'tsaUrl',
  'confirmPublic',
];

/** Checks the files of the instance, and whether signing would publish data. */
async function checkInstance(
  config: SigningInputs,
  isUnknown: (path: string) => boolean,
  host: SigningHost,
): Promise<void> {
  const { key, keyless, sigstore } = config;
  if (sigstore?.clientTrustConfig !== undefined) await loadInstanceRoot(sigstore, host);
  if (key === undefined && keyless === undefined) return;
  const services = await loadSigningServices(config, host);
  if (!isUnknown('transparency')) await checkPublicity(config, services, host);
}

/**
 * Returns everything that is wrong with the inputs, without writing anything or requesting tokens:
 * shape, key and password, tokens in files and variables, and the trusted root if it is set.
 *
 * Tokens and keys that exist only in CI result in `IDENTITY_UNAVAILABLE` and `KEY_UNREADABLE`: a
 * caller that previews elsewhere may ignore these.
 *
 * @param unknown paths (`key.password`, `keyless`, ...) of values that are not known yet
 */
export async function validateSigningInputs(
  config: SigningInputs,
  host: SigningHost,
  unknown: UnknownProperties = new Set(),
): Promise<Problem[]> {
  const isUnknown = unknownIn(unknown);
  const { key, keyless, sigstore } = config;
  const shape = signingInputProblems(config, unknown);
  const isShaped = (property: string) =>
    !shape.some((problem) => problem.property.startsWith(property));
  const checks: Promise<readonly Problem[]>[] = [];
  if (key !== undefined && !isUnknown('key.ref')) {
    checks.push(problemsOf('key', () => checkKey(key, isUnknown('key.password'), host)));
  }
  const isKeylessUnknown = [
    '',
    '.provider',
    '.tokenFile',
    '.tokenEnv',
    '.clientId',
    '.issuer',
    '.interactive',
  ].some((member) => isUnknown(`keyless${member}`));
  if (keyless !== undefined && !isKeylessUnknown && isShaped('keyless')) {
    checks.push(problemsOf('keyless', () => checkIdentity(keyless, host)));
  }
  const isInstanceUnknown = INSTANCE.some((member) => isUnknown(`sigstore.${member}`));
  if (!isInstanceUnknown && isShaped('sigstore') && isShaped('transparency')) {
    checks.push(problemsOf('sigstore', () => checkInstance(config, isUnknown, host)));
  }
  const { trustedRoot: root } = sigstore ?? {};
  if (root !== undefined && !isUnknown('sigstore.trustedRoot')) {
    checks.push(problemsOf('sigstore.trustedRoot', () => loadInstanceRoot(sigstore, host)));
  }
  return [...shape, ...(await Promise.all(checks)).flat()];
}
