import { SignedImageError, messageOf } from '../error';
import type { FetchedManifest, RegistryClient } from '../oci/client';
import { type Descriptor, formatPlatform } from '../oci/descriptor';
import { type Digest, digestOf } from '../oci/digest';
import { type ImageIndex, type ImageManifest, parseManifest } from '../oci/manifest';
import { type Repository, pinned } from '../oci/reference';
import { mapBounded } from '../storage/bounded';

const MAX_MANIFESTS = 128;
/** An index, and one nested index. */
const MAX_DEPTH = 2;
const PARALLEL_READS = 6;
/** Of one platform; BuildKit writes one. */
const MAX_ATTESTATION_MANIFESTS = 8;

/** Why a platform manifest could not be read. */
export interface ManifestGap {
  readonly status: 'missing' | 'unavailable' | 'invalid';
  readonly reason: string;
}

/** One manifest that must be signed. */
export interface SignableManifest {
  readonly descriptor: Descriptor;
  /** `os/architecture[/variant]`; absent for the root, and if the index does not specify it. */
  readonly platform?: string;
  /** BuildKit's attestation manifests of this manifest, as the index lists them. */
  readonly attestationManifests?: readonly Digest[];
  /** Absent if its bytes were read and match the digest. */
  readonly gap?: ManifestGap;
}

function malformed(image: string, fault: string): SignedImageError {
  return new SignedImageError({ code: 'CONTENT_MALFORMED', message: `${image} ${fault}` });
}

function withDigestCheck(fetched: FetchedManifest, digest: Digest, image: string): FetchedManifest {
  if (digestOf(fetched.bytes) === digest) return fetched;
  throw new SignedImageError({
    code: 'CONTENT_MISMATCH',
    message: `the registry returned bytes for ${image} that do not match its digest`,
  });
}

/**
 * Excludes BuildKit's attestation manifests. Nothing runs on `unknown/unknown`, so they need no
 * signature; their annotation alone does not exclude them, because it could hide a runnable manifest.
 */
function isRunnable({ platform }: Descriptor): boolean {
  return platform?.os !== 'unknown' || platform.architecture !== 'unknown';
}

/**
 * Returns the attestation manifests of a platform manifest.
 *
 * https://github.com/moby/buildkit/blob/master/docs/attestations/attestation-storage.md
 */
function attestationsOf(digest: Digest, listed: readonly Descriptor[]): readonly Digest[] {
  return listed
    .filter(
      (each) =>
        !isRunnable(each) &&
        each.annotations?.['vnd.docker.reference.type'] === 'attestation-manifest' &&
        each.annotations['vnd.docker.reference.digest'] === digest,
    )
    .slice(0, MAX_ATTESTATION_MANIFESTS)
    .map((each) => each.digest);
}

/**
 * Reads an image by digest, and the manifests that its index lists: every manifest that must be
 * signed, the root first, each once.
 *
 * @throws SignedImageError if the image itself (the root) cannot be read: `REGISTRY_*`,
 *   `CONTENT_MISMATCH`, `CONTENT_MALFORMED`, `CONTENT_TOO_LARGE`
 */
export async function readImageManifests(
  repository: Repository,
  digest: Digest,
  client: RegistryClient,
): Promise<readonly SignableManifest[]> {
  const image = pinned(repository, digest);
  const fetched = await client.getManifest(repository, digest);
  if (!fetched) {
    throw new SignedImageError({
      code: 'REGISTRY_NOT_FOUND',
      message: `${image} does not exist, or these credentials may not read it`,
    });
  }
  const { mediaType } = withDigestCheck(fetched, digest, image).descriptor;
  const root: SignableManifest = {
    descriptor: { mediaType, digest, size: fetched.bytes.length },
  };
  const manifest = parseManifest(fetched.bytes, mediaType);
  const below = await new ImageReader(repository, client, digest).read(manifest, image, 1);
  return [root, ...below];
}

class ImageReader {
  private readonly seen: Set<Digest>;

  constructor(
    private readonly repository: Repository,
    private readonly client: RegistryClient,
    root: Digest,
  ) {
    this.seen = new Set([root]);
  }

  async read(
    manifest: ImageManifest | ImageIndex,
    image: string,
    depth: number,
  ): Promise<readonly SignableManifest[]> {
    if (manifest.kind === 'image') return [];
    if (depth > MAX_DEPTH) throw malformed(image, `is nested deeper than ${MAX_DEPTH} indexes`);
    const children = manifest.manifests.filter(
      (child) => isRunnable(child) && this.isNew(child.digest),
    );
    if (this.seen.size > MAX_MANIFESTS) {
      throw new SignedImageError({
        code: 'CONTENT_TOO_LARGE',
        message: `${image} lists more than ${MAX_MANIFESTS} manifests`,
      });
    }
    const read = async (child: Descriptor): Promise<readonly SignableManifest[]> => {
      const [own, ...below] = await this.child(child, depth);
      const attestationManifests = attestationsOf(child.digest, manifest.manifests);
      return own && attestationManifests.length > 0
        ? [{ ...own, attestationManifests }, ...below]
        : own
          ? [own, ...below]
          : below;
    };
    return (await mapBounded(children, PARALLEL_READS, read)).flat();
  }

  private isNew(digest: Digest): boolean {
    if (this.seen.has(digest)) return false;
    this.seen.add(digest);
    return true;
  }

  private async child(listed: Descriptor, depth: number): Promise<readonly SignableManifest[]> {
    const { mediaType, digest, size, platform } = listed;
    const manifest: SignableManifest = {
      descriptor: { mediaType, digest, size },
      ...(platform && { platform: formatPlatform(platform) }),
    };
    try {
      const image = pinned(this.repository, digest);
      const fetched = await this.client.getManifest(this.repository, digest);
      if (!fetched) return [withGap(manifest, 'missing', 'the registry does not have it')];
      const { bytes } = withDigestCheck(fetched, digest, image);
      if (bytes.length !== size) {
        throw malformed(image, `has ${bytes.length} bytes, but its index lists ${size}`);
      }
      const below = parseManifest(bytes, mediaType);
      return [manifest, ...(await this.read(below, image, depth + 1))];
    } catch (error) {
      if (!(error instanceof SignedImageError)) throw error;
      const bad = error.code === 'CONTENT_MISMATCH' || error.code === 'CONTENT_MALFORMED';
      return [withGap(manifest, bad ? 'invalid' : 'unavailable', messageOf(error))];
    }
  }
}

function withGap(
  manifest: SignableManifest,
  status: ManifestGap['status'],
  reason: string,
): SignableManifest {
  return { ...manifest, gap: { status, reason } };
}

/**
 * Returns the manifests of an image to sign: itself, and for an index every runnable manifest that it
 * lists.
 *
 * @throws SignedImageError if one of them cannot be read
 */
export async function manifestsToSign(
  repository: Repository,
  digest: Digest,
  client: RegistryClient,
): Promise<readonly SignableManifest[]> {
  const manifests = await readImageManifests(repository, digest, client.task());
  for (const { descriptor, platform, gap } of manifests) {
    if (!gap) continue;
    throw new SignedImageError({
      code: gap.status === 'unavailable' ? 'REGISTRY_UNAVAILABLE' : 'CONTENT_MALFORMED',
      message: `the index ${pinned(repository, digest)} cannot be signed: ${platform ?? 'a manifest'} ${descriptor.digest}: ${gap.reason}`,
    });
  }
  return manifests;
}
