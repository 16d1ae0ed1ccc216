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
  /** How long and how often services are asked. */
  readonly call?: ServiceCallOptions;
  /** Told what a person should know before it is signed. Default: nobody. */
  readonly warn?: (line: string) => void;
}

type Who = Pick<SigningMaterial, 'signer' | 'description'>;

async function keyMaterial(key: KeyConfig, host: SigningHost): Promise<Who> {
  const signer = await loadKeySigner(key, host);
  const { keyId, pem } = signer.publicKey;
  return { signer, description: { kind: 'key', keyId, publicKey: pem } };
}

async function keylessMaterial(
  config: SigningInputs,
  services: SigningServices,
  host: SigningHost,
  { call, warn }: SigningMaterialOptions,
): Promise<Who> {
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
  // With a certificate at hand nobody is asked, least of all a person.
  const known = signer.isCertified() ? identityProvider.lastToken?.() : undefined;
  const { identity, issuer, claims } = known ?? (await identityProvider.getIdentityToken());
  await checkPublicity(config, services, host, { claims, warn });
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
  const who =
    config.key === undefined
      ? await keylessMaterial(config, services, host, options)
      : await keyMaterial(config.key, host);
  const logIds = () => trustedLogIds(config, host);
  const asked = createWitnesses({
    logs,
    authorities,
    logIds,
    ...(options.call && { call: options.call }),
  });
  const { certificates } = host;
  const witnesses =
    certificates && config.key === undefined
      ? asked.map((witness) => observedWitness(witness, certificates))
      : asked;
  return {
    signer: who.signer,
    witnesses,
    get description() {
      return who.description;
    },
  };
}

/** Read only when a log has an entry already. */
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

/** Reads a token only where that asks nobody: GitHub is asked when there is something to sign. */
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

/** What the instance's files say, and what signing with it would make public. */
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
 * Everything that is wrong with what was declared, found without writing or asking anybody: shape,
 * key and password, tokens in files and variables, the trusted root if one is given.
 *
 * Tokens and keys that live in CI only are `IDENTITY_UNAVAILABLE` and `KEY_UNREADABLE`: a caller
 * that previews elsewhere may let these pass.
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
