import {
  attestationStatement,
  type ParsedPredicate,
  parsePredicate,
  type PredicateInput,
} from '../attest';
import { InvalidInputError, type Problem, SignedImageError } from '../error';
import { problemsOf } from '../error/signed-image-error';
import {
  createSigningMaterial,
  loadSigningServices,
  signingInputProblems,
  signImage as signTargets,
  type SignatureFormat,
  type SignerDescription,
  type SigningInputs,
} from '../sign';
import {
  createFreshCheck,
  createSignatureFinder,
  policyForSigner,
  readImageManifests,
  verifyImage,
} from '../verify';
import { type CoreOptions, type ImageArgs, type OpenImage, withImage } from './image';
import { transparencyOf, trustedRootFor } from './policy-args';
import { formatProblems, type ImageSignatureResult } from './sign-image';

/** What to attest about an image, with what it is signed, and how it is stored. */
export interface AttestImageArgs extends ImageArgs, SigningInputs, PredicateInput {
  /** Default: `bundle`. */
  readonly format?: SignatureFormat | undefined;
}

/** The attestation that the image now has. */
export interface AttestImageResult {
  /** `host/repo@sha256:...`. */
  readonly reference: string;
  readonly digest: string;
  /** The URI of the predicate type. */
  readonly predicateType: string;
  readonly signer: SignerDescription;
  /** One for each format. */
  readonly attestations: readonly ImageSignatureResult[];
}

/** Returns the predicate. @throws InvalidInputError with all problems of the inputs */
async function checkedPredicate(args: AttestImageArgs, now: Date): Promise<ParsedPredicate> {
  const { format, key, keyless, sigstore, transparency } = args;
  const problems: Problem[] = [
    ...formatProblems(format),
    ...signingInputProblems({ key, keyless, sigstore, transparency }),
  ];
  let predicate: ParsedPredicate | undefined;
  problems.push(
    ...(await problemsOf('predicate', async () => (predicate = parsePredicate(args, now)))),
  );
  // in-toto requires an object; of cosign, only versions before 3 verify a text.
  if (typeof predicate?.predicate === 'string' && format !== 'legacy')
    problems.push({
      property: 'predicate',
      code: 'INPUT_INVALID',
      message:
        'is not JSON: verifiers of bundles refuse a predicate that is a text. Convert the SPDX document to JSON, or use format "legacy"',
    });
  if (predicate === undefined || problems.length > 0) throw new InvalidInputError(problems);
  return predicate;
}

/**
 * Signs an in-toto statement about an image that is in a registry, stores it, and verifies what the registry then
 * returns. Its subject is the image's digest: for an index, the index. An attestation that this signer has stored with
 * the same predicate type and predicate, and that verifies, is not created again.
 *
 * @throws InvalidInputError with all problems, before anything is written; SignedImageError `KEY_*`, `IDENTITY_*`,
 *   `FULCIO_FAILED`, `REKOR_FAILED`, `TSA_FAILED`, `REGISTRY_*`, `VERIFY_*`
 */
export async function attestImage(
  args: AttestImageArgs,
  options: CoreOptions = {},
): Promise<AttestImageResult> {
  const now = (options.host?.now ?? (() => new Date()))();
  const predicate = await checkedPredicate(args, now);
  const { format = 'bundle', key, keyless, sigstore, transparency } = args;
  const config: SigningInputs = { key, keyless, sigstore, transparency };
  const { progress, warn } = options;
  return withImage(args, options, async (image) => {
    const { repository, digest, reference, client, host } = image;
    const statement = attestationStatement(repository, digest, predicate);
    const [root] = await readImageManifests(repository, digest, client.task());
    if (!root) throw new SignedImageError({ code: 'INTERNAL', message: 'no manifest was read' });
    const material = await createSigningMaterial(config, host, { ...(warn && { warn }) });
    const required = transparencyOf(await loadSigningServices(config, host));
    const isKeyless = keyless !== undefined;
    const trust = {
      transparency: required,
      trustedRoot: await trustedRootFor(required, isKeyless, sigstore, host),
    };
    const manifest = root.descriptor;
    const stored = await signTargets(
      {
        repository,
        targets: [
          {
            manifest,
            annotations: {},
            provenance: undefined,
            attestations: [statement],
            statementsOnly: true,
          },
        ],
        format,
        material,
      },
      client,
      progress,
      { alreadySigned: createSignatureFinder(trust), checkFresh: createFreshCheck(trust) },
    );
    const { predicateType } = predicate;
    const signer = material.description;
    progress?.(`verify: attestation of ${digest}`);
    await verifyStored(image, {
      ...policyForSigner(signer, trust),
      annotations: {},
      format,
      provenance: undefined,
      platforms: false,
      predicateType,
    });
    return {
      reference,
      digest,
      predicateType,
      signer,
      attestations: stored.map(({ purpose: _purpose, bundle: _bundle, ...each }) => each),
    };
  });
}

/** Reads back from the registry, without what this run has cached. */
async function verifyStored(
  { repository, digest, client }: OpenImage,
  policy: Parameters<typeof verifyImage>[2],
): Promise<void> {
  await verifyImage(repository, digest, policy, client.task({ bypassCache: true }));
}
