import { InvalidInputError, type Problem } from '../error';
import {
  createSigningMaterial,
  loadSigningServices,
  signedIdentityFault,
  signImage as signTargets,
  type SignatureFormat,
  type SignerDescription,
  type SigningInputs,
} from '../sign';
import { validateAnnotationKeys } from '../source';
import type { LogEntry } from '../storage/signature';
import { createFreshCheck, createSignatureFinder, manifestsToSign } from '../verify';
import { type CoreOptions, type ImageArgs, withImage } from './image';
import { transparencyOf, trustedRootFor } from './policy-args';

const FORMATS: readonly SignatureFormat[] = ['bundle', 'legacy', 'both'];

/** What to sign, with what, and how it is stored. */
export interface SignImageArgs extends ImageArgs, SigningInputs {
  /** Annotations that are signed with the digest, as with `cosign sign -a`. Default: none. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  /** Default: `bundle`. */
  readonly format?: SignatureFormat | undefined;
  /**
   * The image reference that the signature claims in the legacy format (`critical.identity.docker-reference`), as with
   * `cosign sign --sign-container-identity`. Default: the repository, without tag and digest.
   */
  readonly signedIdentity?: string | undefined;
}

/** A signature in the registry. */
export interface ImageSignatureResult {
  /** Digest of the manifest that is signed. */
  readonly subject: string;
  readonly format: 'bundle' | 'legacy';
  /** Digest of the referrer manifest (`bundle`) or of the layer (`legacy`). */
  readonly stored: string;
  /** PEM of the certificate, for keyless. */
  readonly certificate?: string;
  readonly logEntries: readonly LogEntry[];
  /** Whether this call created it; else it was already stored. */
  readonly made: boolean;
}

/** The signatures that the image now has. */
export interface SignImageResult {
  /** `host/repo@sha256:...`. */
  readonly reference: string;
  readonly digest: string;
  readonly signer: SignerDescription;
  /** Of the image and, for an index, of each platform manifest. */
  readonly signatures: readonly ImageSignatureResult[];
}

/** Returns the problem of an unknown storage format. */
export function formatProblems(format: SignatureFormat | undefined): readonly Problem[] {
  if (format === undefined || FORMATS.includes(format)) return [];
  const message = `must be one of ${FORMATS.join(', ')}`;
  return [{ property: 'format', code: 'INPUT_INVALID', message }];
}

function problemsOf({
  annotations = {},
  format,
  signedIdentity,
}: SignImageArgs): readonly Problem[] {
  const fault =
    signedIdentity === undefined
      ? undefined
      : signedIdentityFault(signedIdentity, format ?? 'bundle');
  return [
    ...validateAnnotationKeys(annotations),
    ...formatProblems(format),
    ...(fault ? [{ property: 'signedIdentity', ...fault }] : []),
  ];
}

/**
 * Signs an image that is in a registry, and every platform manifest of an index. A signature that this signer has
 * stored with the same annotations, and that verifies, is not created again: a failed call can be repeated.
 *
 * @throws InvalidInputError with all problems; SignedImageError `KEY_*`, `IDENTITY_*`, `FULCIO_FAILED`, `REKOR_FAILED`,
 *   `TSA_FAILED`, `REGISTRY_*`
 */
export async function signImage(
  args: SignImageArgs,
  options: CoreOptions = {},
): Promise<SignImageResult> {
  const problems = problemsOf(args);
  if (problems.length > 0) throw new InvalidInputError(problems);
  const { annotations = {}, format = 'bundle', signedIdentity } = args;
  const { key, keyless, sigstore, transparency } = args;
  const config: SigningInputs = { key, keyless, sigstore, transparency };
  const { progress, warn } = options;
  return withImage(args, options, async ({ repository, digest, reference, client, host }) => {
    const material = await createSigningMaterial(config, host, { ...(warn && { warn }) });
    const required = transparencyOf(await loadSigningServices(config, host));
    const isKeyless = keyless !== undefined;
    const policy = {
      transparency: required,
      trustedRoot: await trustedRootFor(required, isKeyless, sigstore, host),
    };
    const manifests = await manifestsToSign(repository, digest, client);
    const signatures = await signTargets(
      {
        repository,
        targets: manifests.map(({ descriptor }) => ({
          manifest: descriptor,
          annotations,
          provenance: undefined,
        })),
        format,
        signedIdentity,
        material,
      },
      client,
      progress,
      { alreadySigned: createSignatureFinder(policy), checkFresh: createFreshCheck(policy) },
    );
    return {
      reference,
      digest,
      signer: material.description,
      signatures: signatures.map(({ purpose: _purpose, bundle: _bundle, ...each }) => each),
    };
  });
}
