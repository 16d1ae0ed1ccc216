import { InvalidInputError, SignedImageError } from '../../error';
import {
  createRegistryClient,
  type DeclaredRegistry,
  formatReference,
  parseReference,
  pinned,
  type Reference,
  type RegistryClient,
  type Tag,
} from '../../oci';
import { problemsOf } from '../../error/signed-image-error';
import { verifyImage as verifyOrThrow } from '../../verify';
import { type CoreOptions, type ImageArgs, withImage } from '../image';
import { loadVerificationPolicy, type VerificationPolicyArgs } from '../policy-args';
import { ImageCopier } from './image-copier';
import { type CopyCounts, Transfer } from './transfer';

/**
 * What to copy and where to, and the requirements that it must meet before. Without any member of a policy it is copied
 * without verification; an empty policy is an error.
 */
export interface CopyImageArgs extends ImageArgs, VerificationPolicyArgs {
  /** `host/repo[:tag]`. Default tag: that of `image`; with a digest and no tag, no tag is written. */
  readonly destination: string;
  /** Access to the destination's registry. Default: as for `registry`, if it is the same host. */
  readonly destinationRegistry?: ImageArgs['registry'];
}

/** Registry clients for several calls; the caller closes them. */
export interface CopyOptions extends CoreOptions {
  /** Default: `client`, if it is the same registry. */
  readonly destinationClient?: RegistryClient | undefined;
}

/** What was copied. */
export interface CopyImageResult {
  /** `host/repo@sha256:...`, where it was copied from. */
  readonly source: string;
  /** `host/repo@sha256:...`, where it is now, too. */
  readonly reference: string;
  readonly digest: string;
  /** The tag that names it at the destination. */
  readonly tag?: string;
  /** Whether the image was verified before it was copied. */
  readonly verified: boolean;
  readonly manifests: CopyCounts['manifests'];
  readonly blobs: CopyCounts['blobs'];
  /** Bytes of blobs that were transferred. */
  readonly bytes: number;
  /** Digests of signatures, attestations and other artifacts that refer to the image. */
  readonly referrers: readonly string[];
  /** Tags of the legacy format. */
  readonly legacyTags: readonly string[];
}

const LATEST = 'latest' as Tag;

/**
 * Whether a policy is declared; then the image must be verified, and a policy without a signer is an error. Empty lists
 * and objects count: a configuration without keys must not turn the verification off.
 */
function hasPolicy(args: CopyImageArgs): boolean {
  const { keys, trustedKeys, identities, require: required, predicateType } = args;
  const { annotations, provenance, transparency, format, platforms } = args;
  const declared = [
    keys,
    trustedKeys,
    identities,
    required,
    predicateType,
    annotations,
    provenance,
    transparency,
    format,
    platforms,
  ];
  return declared.some((each) => each !== undefined);
}

function parsedDestination(text: string): Reference {
  const reference = parseReference(text);
  if (reference.digest === undefined) return reference;
  throw new SignedImageError({
    code: 'INPUT_INVALID',
    property: 'destination',
    message: 'must not have a digest: a copy has the digest of its source',
  });
}

/** @throws InvalidInputError with the problems of both references */
async function parsedReferences(args: CopyImageArgs): Promise<readonly [Reference, Reference]> {
  const found: { source?: Reference; target?: Reference } = {};
  const problems = [
    ...(await problemsOf('image', async () => (found.source = parseReference(args.image)))),
    ...(await problemsOf(
      'destination',
      async () => (found.target = parsedDestination(args.destination)),
    )),
  ];
  const { source, target } = found;
  if (source === undefined || target === undefined) throw new InvalidInputError(problems);
  return [source, target];
}

function destinationAccess(
  { registry, destinationRegistry }: CopyImageArgs,
  source: Reference,
  { repository: { registry: host } }: Reference,
): DeclaredRegistry {
  const isSame = source.repository.registry === host;
  return { host, ...(destinationRegistry ?? (isSame ? registry : undefined)) };
}

/**
 * Copies an image with all its platforms, signatures, attestations and other referrers, in both storage formats, to
 * another repository. All content keeps its digest, which is verified; large blobs are not held in memory as a whole.
 * What the destination has is not copied again: a failed call can be repeated. The tag is written last.
 *
 * @throws InvalidInputError with all problems; SignedImageError `VERIFY_*` before anything is copied if
 *   something is required and not met, `REGISTRY_*`, `CONTENT_*`
 */
export async function copyImage(
  args: CopyImageArgs,
  options: CopyOptions = {},
): Promise<CopyImageResult> {
  const [source, target] = await parsedReferences(args);
  const { progress = () => undefined } = options;
  return withImage(args, options, async (image) => {
    const { repository, digest, reference, client, host } = image;
    const verified = hasPolicy(args);
    if (verified) {
      const policy = await loadVerificationPolicy(args, host);
      progress(`verify ${reference}`);
      await verifyOrThrow(repository, digest, policy, client);
    }
    const isShared =
      repository.registry === target.repository.registry && args.destinationRegistry === undefined;
    const own =
      options.destinationClient ??
      (isShared
        ? client
        : createRegistryClient({ registry: destinationAccess(args, source, target) }));
    const destination = { repository: target.repository, client: own };
    try {
      await own.checkAccess(target.repository, 'push');
      const transfer = new Transfer({ repository, client }, destination, progress);
      const copier = new ImageCopier(transfer);
      const { bytes, descriptor } = await copier.copy(digest);
      const tag = target.tag ?? source.tag ?? (source.digest === undefined ? LATEST : undefined);
      if (tag !== undefined) {
        const named = await own.resolve(target.repository, tag);
        if (named?.digest !== digest)
          await own.putManifest(target.repository, tag, bytes, descriptor.mediaType);
        progress(`tag ${formatReference({ repository: target.repository, tag })}`);
      }
      const { counts } = transfer;
      const { referrers, tags } = copier.extras;
      return {
        source: reference,
        reference: pinned(target.repository, digest),
        digest,
        ...(tag !== undefined && { tag }),
        verified,
        manifests: counts.manifests,
        blobs: counts.blobs,
        bytes: counts.bytes,
        referrers,
        legacyTags: tags,
      };
    } finally {
      if (own !== client && options.destinationClient === undefined) await own.close();
    }
  });
}
