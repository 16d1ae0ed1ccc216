import { SignedImageError, messageOf } from '../error';
import type { FetchedManifest, RegistryClient } from '../oci/client';
import { type Descriptor, formatPlatform } from '../oci/descriptor';
import { type Digest, digestOf } from '../oci/digest';
import { type ImageIndex, type ImageManifest, parseManifest } from '../oci/manifest';
import { type Repository, pinned } from '../oci/reference';
import { mapBounded } from '../storage/bounded';

const MAX_MANIFESTS = 128;
/** An index, an index in it, and no more. */
const MAX_DEPTH = 2;
const PARALLEL_READS = 6;

/** Why a platform manifest could not be looked at. */
export interface ManifestGap {
  readonly status: 'missing' | 'unavailable' | 'invalid';
  readonly reason: string;
}

/** One manifest that must be signed. */
export interface SignableManifest {
  readonly descriptor: Descriptor;
  /** `os/architecture[/variant]`; absent for the root, and where the index does not say. */
  readonly platform?: string;
  /** Absent where its bytes were read and have the digest. */
  readonly gap?: ManifestGap;
}

function malformed(where: string, why: string): SignedImageError {
  return new SignedImageError({ code: 'CONTENT_MALFORMED', message: `${where} ${why}` });
}

function hashed(fetched: FetchedManifest, digest: Digest, where: string): FetchedManifest {
  if (digestOf(fetched.bytes) === digest) return fetched;
  throw new SignedImageError({
    code: 'CONTENT_MISMATCH',
    message: `the registry returned other bytes for ${where} than those with this digest`,
  });
}

/**
 * BuildKit's attestation manifests. Nothing runs on `unknown/unknown`, so they need no signature;
 * their annotation alone is not enough, because it would hide a manifest that can run.
 */
function isRunnable({ platform }: Descriptor): boolean {
  return platform?.os !== 'unknown' || platform.architecture !== 'unknown';
}

/**
 * Reads an image by digest, and what its index lists: every manifest that must be signed, the root
 * first, each once.
 *
 * @throws SignedImageError where the image itself (the root) cannot be read: `REGISTRY_*`,
 *   `CONTENT_MISMATCH`, `CONTENT_MALFORMED`, `CONTENT_TOO_LARGE`
 */
export async function readImageManifests(
  repository: Repository,
  digest: Digest,
  client: RegistryClient,
): Promise<readonly SignableManifest[]> {
  const where = pinned(repository, digest);
  const fetched = await client.getManifest(repository, digest);
  if (!fetched) {
    throw new SignedImageError({
      code: 'REGISTRY_NOT_FOUND',
      message: `${where} does not exist, or these credentials may not see it`,
    });
  }
  const { mediaType } = hashed(fetched, digest, where).descriptor;
  const root: SignableManifest = {
    descriptor: { mediaType, digest, size: fetched.bytes.length },
  };
  const manifest = parseManifest(fetched.bytes, mediaType);
  const below = await new ImageReader(repository, client, digest).read(manifest, where, 1);
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
    where: string,
    depth: number,
  ): Promise<readonly SignableManifest[]> {
    if (manifest.kind === 'image') return [];
    if (depth > MAX_DEPTH) throw malformed(where, `is nested deeper than ${MAX_DEPTH} indexes`);
    const children = manifest.manifests.filter(
      (child) => isRunnable(child) && this.isNew(child.digest),
    );
    if (this.seen.size > MAX_MANIFESTS) {
      throw new SignedImageError({
        code: 'CONTENT_TOO_LARGE',
        message: `${where} lists more than ${MAX_MANIFESTS} manifests`,
      });
    }
    const read = (child: Descriptor): Promise<readonly SignableManifest[]> =>
      this.child(child, depth);
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
      const where = pinned(this.repository, digest);
      const fetched = await this.client.getManifest(this.repository, digest);
      if (!fetched) return [withGap(manifest, 'missing', 'the registry does not have it')];
      const { bytes } = hashed(fetched, digest, where);
      if (bytes.length !== size) {
        throw malformed(where, `has ${bytes.length} bytes, and its index says ${size}`);
      }
      const below = parseManifest(bytes, mediaType);
      return [manifest, ...(await this.read(below, where, depth + 1))];
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
 * The manifests of an image that are to be signed: itself, and for an index every manifest that it
 * lists and that can run.
 *
 * @throws SignedImageError where one of them cannot be read
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
