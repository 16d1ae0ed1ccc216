import { SignedImageError } from '../error';
import type { RegistryClient } from '../oci/client';
import { type Descriptor, formatPlatform, type Platform } from '../oci/descriptor';
import type { Digest } from '../oci/digest';
import { type ImageManifest, parseManifest } from '../oci/manifest';
import { pinned, type Repository } from '../oci/reference';
import {
  type ImageConfig,
  parseImageConfig,
  platformDifference,
  withDefaultVariant,
} from './image-config';

/** What a pushed image must be. */
export interface ExpectedImage {
  /** `os/arch[/variant]`; empty: one platform, the builder's default. */
  readonly platforms: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Attestation manifests (`unknown/unknown`) in the index. `required`: one for every image. */
  readonly attestations: 'refused' | 'allowed' | 'required';
  /** Ids of the images of this build: digests of their configs or manifests. */
  readonly imageIds?: readonly string[] | undefined;
}

/**
 * Checks what the registry has under the digest that a builder reported: exactly the declared platforms, each
 * with a config for this platform, with the declared labels, and created by this build. Manifests and
 * configs are read by digest and match their digests.
 *
 * @throws SignedImageError `BUILD_RESULT_MISMATCH`; `REGISTRY_*` if the registry cannot be read
 */
export async function checkImageResult(
  client: RegistryClient,
  repository: Repository,
  digest: Digest,
  expected: ExpectedImage,
): Promise<void> {
  await new ResultCheck(client, repository, digest, expected).run();
}

/** One image in the registry, of one platform. */
interface PlatformImage {
  readonly digest: Digest;
  readonly manifest: ImageManifest;
  /** From the index; absent without one. */
  readonly listed?: Platform | undefined;
}

interface ReadImage extends PlatformImage {
  readonly config: ImageConfig;
}

class ResultCheck {
  readonly #image: string;

  constructor(
    private readonly client: RegistryClient,
    private readonly repository: Repository,
    private readonly digest: Digest,
    private readonly expected: ExpectedImage,
  ) {
    this.#image = pinned(repository, digest);
  }

  async run(): Promise<void> {
    const images: ReadImage[] = [];
    for (const image of await this.#images()) {
      images.push({ ...image, config: await this.#config(image) });
    }
    this.#checkPlatforms(images);
    for (const image of images) {
      this.#checkLabels(image);
      this.#checkOrigin(image);
    }
  }

  async #images(): Promise<readonly PlatformImage[]> {
    const manifest = await this.#manifest(this.digest);
    const { platforms, attestations } = this.expected;
    if (manifest.kind === 'image') {
      if (platforms.length > 1) {
        throw this.#mismatch(
          'build.platforms',
          `it is one image and not an index of ${platforms.join(', ')}`,
        );
      }
      if (attestations === 'required') throw this.#withoutAttestation(this.digest);
      return [{ digest: this.digest, manifest }];
    }
    const runnable = manifest.manifests.filter((each) => !isAttestation(each));
    if (attestations === 'refused' && runnable.length < manifest.manifests.length) {
      throw this.#mismatch(
        'build.builder',
        'its index contains an attestation manifest (unknown/unknown) that was not requested',
      );
    }
    // Before the children are read: the number of images is the first claim of an index.
    this.#checkCount(runnable);
    if (attestations === 'required') this.#checkAttestations(runnable, manifest.manifests);
    return Promise.all(runnable.map((each) => this.#child(each)));
  }

  #checkCount(listed: readonly Descriptor[]): void {
    const { platforms } = this.expected;
    if (listed.length === Math.max(platforms.length, 1)) return;
    const names = listed.map(({ digest, platform }) =>
      platform === undefined ? digest : formatPlatform(platform),
    );
    throw this.#mismatch(
      'build.platforms',
      `its index lists ${names.join(', ') || 'no image'}, and ${platforms.join(', ') || 'one platform'} was declared`,
    );
  }

  #checkAttestations(runnable: readonly Descriptor[], all: readonly Descriptor[]): void {
    const subjects = all.filter(isAttestation).map(({ annotations = {} }) => annotations[SUBJECT]);
    const without = runnable.find(({ digest }) => !subjects.includes(digest));
    if (without) throw this.#withoutAttestation(without.digest);
  }

  #withoutAttestation(digest: Digest): SignedImageError {
    return this.#mismatch('build.sbom', `its index has no attestation of ${digest}`);
  }

  async #child({ digest, platform: listed }: Descriptor): Promise<PlatformImage> {
    const manifest = await this.#manifest(digest);
    if (manifest.kind === 'image') return { digest, manifest, listed };
    throw this.#mismatch('build.platforms', `its index lists another index, ${digest}`);
  }

  async #manifest(digest: Digest): Promise<ReturnType<typeof parseManifest>> {
    const found = await this.client.getManifest(this.repository, digest);
    if (found) return parseManifest(found.bytes, found.descriptor.mediaType);
    throw this.#mismatch(
      'build.builder',
      `the registry does not have the manifest ${digest}, or these credentials may not read it`,
    );
  }

  async #config({ digest, manifest: { config } }: PlatformImage): Promise<ImageConfig> {
    const bytes = await this.client.getBlob(this.repository, config);
    if (bytes === undefined) {
      throw this.#mismatch(
        'build.builder',
        `the registry does not have the config ${config.digest} of ${digest}`,
      );
    }
    const parsed = parseImageConfig(bytes);
    if (parsed !== undefined) return parsed;
    throw this.#mismatch('build.builder', `${config.digest} is not the config of an image`);
  }

  /** The config decides: a runtime compares it, and the platform in the index is only a selector. */
  #checkPlatforms(images: readonly ReadImage[]): void {
    const { platforms } = this.expected;
    const rest = [...images];
    for (const platform of platforms) {
      const at = rest.findIndex(
        ({ config }) => platformDifference(platform, withDefaultVariant(config)) === undefined,
      );
      if (at < 0) {
        const found = images.map(({ config }) => formatPlatform(config)).join(', ');
        throw this.#mismatch(
          'build.platforms',
          `its config is for ${found}, and ${platform} was declared`,
        );
      }
      rest.splice(at, 1);
    }
    for (const { digest, listed, config } of images) {
      if (listed !== undefined && isOtherPlatform(listed, config)) {
        throw this.#mismatch(
          'build.platforms',
          `its index lists ${digest} for ${formatPlatform(listed)}, and its config is for ${formatPlatform(config)}`,
        );
      }
    }
  }

  #checkLabels({ digest, config: { labels } }: ReadImage): void {
    for (const [name, value] of Object.entries(this.expected.labels)) {
      if (Object.hasOwn(labels, name) && labels[name] === value) continue;
      const fault = Object.hasOwn(labels, name) ? 'has another value' : 'is missing';
      throw this.#mismatch('build.labels', `the label ${name} of ${digest} ${fault}`);
    }
  }

  /** A tag of a shared store may have been moved by another build before it was pushed. */
  #checkOrigin({ digest, manifest: { config } }: ReadImage): void {
    const { imageIds } = this.expected;
    if (imageIds === undefined) return;
    if ([config.digest, digest, this.digest].some((each) => imageIds.includes(each))) return;
    throw this.#mismatch(
      'image',
      `the image with the config ${config.digest} was not created by this build`,
    );
  }

  #mismatch(property: string, fault: string): SignedImageError {
    return resultMismatch(
      property,
      `${this.#image} is not the image that was declared: ${fault}; it was pushed and will not be signed`,
    );
  }
}

/** An index need not list the variant. */
function isOtherPlatform(listed: Platform, config: ImageConfig): boolean {
  const compared = listed.variant === undefined ? { ...config, variant: undefined } : config;
  return platformDifference(formatPlatform(listed), compared) !== undefined;
}

/** https://docs.docker.com/build/metadata/attestations/attestation-storage/#attestation-manifest-descriptor */
const SUBJECT = 'vnd.docker.reference.digest';

/** Nothing runs on this platform: https://docs.docker.com/build/metadata/attestations/attestation-storage/ */
function isAttestation({ platform }: Descriptor): boolean {
  return platform?.os === 'unknown' && platform.architecture === 'unknown';
}

/** The error for a build whose result is not what was declared. */
export function resultMismatch(property: string, message: string): SignedImageError {
  return new SignedImageError({ code: 'BUILD_RESULT_MISMATCH', property, message });
}
